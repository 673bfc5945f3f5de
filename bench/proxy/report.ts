/** The results as a table for people or as one JSON document. */
import { isDearer, type PairedRatio } from './interval.ts'
import type { Row } from './rows.ts'
import type { SpecialResult } from './specials.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly kernel: string
  readonly node: string
  readonly openssl: string
  readonly kamailio: string
  readonly rounds: number
}

export interface Measured {
  readonly row: Row
  /** One number a round. */
  readonly ours: readonly number[]
  readonly other: readonly number[]
  readonly ratio: number
  /** Of two of ours, measured in alternating pairs. */
  readonly paired: PairedRatio | undefined
  readonly unit: string
  readonly setupMs: { readonly ours: number; readonly other: number }
}

/** A row of ours against another of ours fails when its whole interval lies above this. */
export const dearerFrom = 1.03

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

export function printReport(
  machine: Machine,
  measured: readonly Measured[],
  special: readonly SpecialResult[],
  json: boolean,
): void {
  if (json) {
    const rows = measured.map(({ row, ...numbers }) => ({
      name: row.name,
      what: row.what,
      must: row.must,
      aim: row.aim,
      ...numbers,
    }))
    console.log(JSON.stringify({ machine, rows, special }))
    return
  }
  const { cpu, cores, kernel, node, openssl, kamailio, rounds } = machine
  console.log(
    `${cpu}, ${cores} cores, Linux ${kernel}; Node ${node}, OpenSSL ${openssl}; ${kamailio}; ${rounds} rounds, ` +
      `medians\n`,
  )
  if (measured.length > 0) {
    console.log(
      `${'what'.padEnd(66)} ${'ours'.padStart(8)} ${'other'.padStart(8)} ${'ratio'.padStart(6)} ` +
        `${'must'.padStart(5)} ${'aim'.padStart(5)}`,
    )
    for (const { row, ours, other, ratio, unit, paired } of measured) {
      const bars = [row.must, row.aim].map((bar) => (bar?.toFixed(2) ?? '').padStart(5)).join(' ')
      console.log(
        `${`${row.what} (${unit})`.padEnd(66)} ${median(ours).toFixed(1).padStart(8)} ` +
          `${median(other).toFixed(1).padStart(8)} ${ratio.toFixed(2).padStart(6)} ` +
          (paired === undefined ? `${bars}  ${judge(ratio, row)}` : told(paired)),
      )
    }
  }
  for (const { what, value, bar } of special)
    console.log(`${what.padEnd(66)} ${value}${bar === undefined ? '' : `   must ${bar}`}`)
}

function told(paired: PairedRatio): string {
  const { low, high, pairs } = paired
  const verdict = isDearer(paired, dearerFrom) ? `DEARER than ${dearerFrom}` : `not shown to be above ${dearerFrom}`
  return ` 95 %: ${low.toFixed(3)} to ${high.toFixed(3)}, ${pairs} pairs: ${verdict}`
}

function judge(ratio: number, { must, aim }: Row): string {
  // Without its other side (`--alone`) a row has no ratio.
  if (must === undefined || aim === undefined || Number.isNaN(ratio)) return ''
  return ratio <= aim ? 'aim met' : ratio <= must ? 'must met' : 'MISSED'
}

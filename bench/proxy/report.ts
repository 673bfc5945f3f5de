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
  /** Of one minute, when the run began. */
  readonly loadBefore: number
}

export interface Measured {
  readonly row: Row
  /** One number a round. */
  readonly ours: readonly number[]
  readonly other: readonly number[]
  readonly ratio: number
  /** undefined: measured alone. */
  readonly paired: PairedRatio | undefined
  readonly unit: string
  readonly setupMs: { readonly ours: number; readonly other: number }
}

/** A row of ours against another of ours fails when its whole interval lies above this, unless told otherwise. */
export const dearerFrom = 1.03

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** @param dearer undefined: against Kamailio, by the bars of the rows; else the bar of ours against ours */
export function printReport(
  machine: Machine,
  measured: readonly Measured[],
  special: readonly SpecialResult[],
  { json, dearer }: { readonly json: boolean; readonly dearer: number | undefined },
): void {
  if (json) {
    const rows = measured.map(({ row, ...numbers }) => ({
      name: row.name,
      what: row.what,
      shape: { connections: row.wires ?? 8, window: row.window ?? 100, contacts: row.contacts ?? 1 },
      floor: row.floor,
      goal: row.goal,
      ...numbers,
    }))
    console.log(JSON.stringify({ machine, rows, special }))
    return
  }
  const { cpu, cores, kernel, node, openssl, kamailio, rounds } = machine
  console.log(
    `${cpu}, ${cores} cores, Linux ${kernel}; Node ${node}, OpenSSL ${openssl}; ${kamailio}, one worker, -x fm; ` +
      `${rounds} rounds, medians, ratios with their 95 % interval; load average before ` +
      `${machine.loadBefore.toFixed(1)}\n`,
  )
  for (const each of measured) console.log(rowText(each, dearer))
  for (const { what, value, bar } of special)
    console.log(`${what.padEnd(56)} ${value}${bar === undefined ? '' : `   must ${bar}`}`)
}

function rowText({ row, ours, other, unit, paired }: Measured, dearer: number | undefined): string {
  const start = `${`${row.what} (${unit})`.padEnd(64)} ${median(ours).toFixed(1).padStart(8)}`
  if (paired === undefined) return start
  const { ratio, low, high } = paired
  const verdict = dearer === undefined ? judge(paired, row) : againstOurs(paired, dearer)
  return (
    `${start} ${median(other).toFixed(1).padStart(8)} ${ratio.toFixed(3).padStart(6)} ` +
    `(${low.toFixed(3)} to ${high.toFixed(3)})  ${verdict}`
  )
}

function againstOurs(paired: PairedRatio, dearer: number): string {
  const verdict = isDearer(paired, dearer) ? `DEARER than ${dearer}` : `not shown to be above ${dearer}`
  return `${paired.pairs} pairs: ${verdict}`
}

/** A bar inside the interval, or below it, is missed. */
export function judge({ high }: PairedRatio, { floor, goal }: Pick<Row, 'floor' | 'goal'>): string {
  if (floor === undefined || goal === undefined) return ''
  if (high < goal) return `goal ${goal} met`
  return high < floor ? `floor ${floor} met, goal ${goal} missed` : `FLOOR ${floor} MISSED`
}

/** The results as a table for people or as one JSON document. */
import { isAboveBar, type PairedRatio } from './interval.ts'
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

/** A row of ours against a baseline of ours fails when its whole interval is above this; `--bar` sets another bar. */
export const defaultPairedBar = 1.03

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** What `--json` prints. */
export interface Report {
  readonly machine: Machine
  readonly rows: readonly ReportedRow[]
  readonly special: readonly SpecialResult[]
}

export interface ReportedRow extends Pick<Row, 'name' | 'what' | 'floor' | 'goal'>, Omit<Measured, 'row'> {
  readonly shape: { readonly connections: number; readonly window: number; readonly contacts: number }
}

/** One row a line, as docs/performance.md has it. */
export function markdownTable({ machine, rows, special }: Report): string {
  const lines = rows.map(markdownRow)
  return [
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.kamailio.trim()} with one worker and ` +
      `\`-x fm\`; load average before ${machine.loadBefore.toFixed(1)}.`,
    '',
    '| what | ours | other | ratio (95 %) | |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    ...special.map(({ what, value, bar }) => `| ${what} | ${value} | | | ${bar === undefined ? '' : `must ${bar}`} |`),
  ].join('\n')
}

function markdownRow({ what, unit, ours, other, paired, floor, goal }: ReportedRow): string {
  const costs = `| ${what} (${unit.replace(/( CPU)? each/, '')}) | ${median(ours).toFixed(1)} |`
  if (paired === undefined) return `${costs} | | |`
  const { ratio, low, high } = paired
  return (
    `${costs} ${median(other).toFixed(1)} | ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}) | ` +
    `${judge(paired, { floor, goal })} |`
  )
}

/** @param pairedBar undefined: against Kamailio, by the bars of the rows; else the bar of ours against ours */
export function printReport(
  machine: Machine,
  measured: readonly Measured[],
  special: readonly SpecialResult[],
  { json, pairedBar }: { readonly json: boolean; readonly pairedBar: number | undefined },
): void {
  if (json) {
    const rows: ReportedRow[] = measured.map(({ row, ...numbers }) => ({
      name: row.name,
      what: row.what,
      shape: { connections: row.wires ?? 8, window: row.window ?? 100, contacts: row.contacts ?? 1 },
      floor: row.floor,
      goal: row.goal,
      ...numbers,
    }))
    console.log(JSON.stringify({ machine, rows, special } satisfies Report))
    return
  }
  const { cpu, cores, kernel, node, openssl, kamailio, rounds } = machine
  console.log(
    `${cpu}, ${cores} cores, Linux ${kernel}; Node ${node}, OpenSSL ${openssl}; ${kamailio}, one worker, -x fm; ` +
      `${rounds} rounds, medians, ratios with their 95 % interval; load average before ` +
      `${machine.loadBefore.toFixed(1)}\n`,
  )
  for (const each of measured) console.log(rowText(each, pairedBar))
  for (const { what, value, bar } of special)
    console.log(`${what.padEnd(56)} ${value}${bar === undefined ? '' : `   must ${bar}`}`)
}

function rowText({ row, ours, other, unit, paired }: Measured, pairedBar: number | undefined): string {
  const start = `${`${row.what} (${unit})`.padEnd(64)} ${median(ours).toFixed(1).padStart(8)}`
  if (paired === undefined) return start
  const { ratio, low, high } = paired
  const verdict = pairedBar === undefined ? judge(paired, row) : againstOurs(paired, pairedBar)
  return (
    `${start} ${median(other).toFixed(1).padStart(8)} ${ratio.toFixed(3).padStart(6)} ` +
    `(${low.toFixed(3)} to ${high.toFixed(3)})  ${verdict}`
  )
}

function againstOurs(paired: PairedRatio, bar: number): string {
  const verdict = isAboveBar(paired, bar) ? `ABOVE ${bar}` : `not shown to be above ${bar}`
  return `${paired.pairs} pairs: ${verdict}`
}

/** A bar inside the interval, or below it, is missed. */
export function judge({ high }: PairedRatio, { floor, goal }: Pick<Row, 'floor' | 'goal'>): string {
  if (floor === undefined || goal === undefined) return ''
  if (high < goal) return `goal ${goal} met`
  return high < floor ? `floor ${floor} met, goal ${goal} missed` : `FLOOR ${floor} MISSED`
}

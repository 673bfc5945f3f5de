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
export const defaultBar = 1.03

/** A number for all rows; `rows`: floor and goal of each row; `none`: the ratio is only reported. */
export type Bar = number | 'rows' | 'none'

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

/** What `--json` prints. */
export interface Report {
  readonly machine: Machine
  /** Whose cost is divided by whose. Rows that name the other side themselves have it in `what`. */
  readonly compared: string
  readonly rows: readonly ReportedRow[]
  readonly special: readonly SpecialResult[]
}

export interface ReportedRow extends Pick<Row, 'name' | 'what' | 'floor' | 'goal'>, Omit<Measured, 'row'> {
  readonly shape: { readonly connections: number; readonly window: number; readonly contacts: number }
}

/** One row a line, as docs/performance.md has it. */
export function markdownTable({ machine, compared, rows, special }: Report): string {
  const lines = rows.map(markdownRow)
  return [
    `${compared}: ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.kamailio.trim()} with one ` +
      `worker and \`-x fm\`; load average before ${machine.loadBefore.toFixed(1)}.`,
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

export function printReport(
  { machine, compared }: Pick<Report, 'machine' | 'compared'>,
  measured: readonly Measured[],
  special: readonly SpecialResult[],
  { json, bar }: { readonly json: boolean; readonly bar: Bar },
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
    console.log(JSON.stringify({ machine, compared, rows, special } satisfies Report))
    return
  }
  const { cpu, cores, kernel, node, openssl, kamailio, rounds } = machine
  console.log(
    `${compared}: ${cpu}, ${cores} cores, Linux ${kernel}; Node ${node}, OpenSSL ${openssl}; ${kamailio}, ` +
      `one worker, -x fm; ${rounds} rounds, medians, ratios with their 95 % interval; load average before ` +
      `${machine.loadBefore.toFixed(1)}\n`,
  )
  for (const each of measured) console.log(rowText(each, bar))
  for (const { what, value, bar } of special)
    console.log(`${what.padEnd(56)} ${value}${bar === undefined ? '' : `   must ${bar}`}`)
}

function rowText({ row, ours, other, unit, paired }: Measured, bar: Bar): string {
  const start = `${`${row.what} (${unit})`.padEnd(64)} ${median(ours).toFixed(1).padStart(8)}`
  if (paired === undefined) return start
  const { ratio, low, high } = paired
  return (
    `${start} ${median(other).toFixed(1).padStart(8)} ${ratio.toFixed(3).padStart(6)} ` +
    `(${low.toFixed(3)} to ${high.toFixed(3)})  ${verdict(paired, row, bar)}`
  )
}

function verdict(paired: PairedRatio, row: Row, bar: Bar): string {
  if (bar === 'rows') return judge(paired, row)
  const pairs = `${paired.pairs} pairs`
  if (bar === 'none') return pairs
  return `${pairs}: ${isAboveBar(paired, bar) ? `ABOVE ${bar}` : `not shown to be above ${bar}`}`
}

/** A bar inside the interval, or below it, is missed. */
export function judge({ high }: PairedRatio, { floor, goal }: Pick<Row, 'floor' | 'goal'>): string {
  if (floor === undefined || goal === undefined) return ''
  if (high < goal) return `goal ${goal} met`
  return high < floor ? `floor ${floor} met, goal ${goal} missed` : `FLOOR ${floor} MISSED`
}

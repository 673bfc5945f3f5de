/** The command line of bench/proxy.ts. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bar, defaultBar } from './report.ts'
import { bareRows, rows } from './rows.ts'
import { specials } from './specials.ts'
import { thisCheckout } from './subjects.ts'

/** Another siplab. */
export interface Checkout {
  readonly folder: string
  /** Flags for its Node. */
  readonly flags: readonly string[]
}

export interface Options {
  readonly names: readonly string[]
  readonly rounds: number
  /** undefined: as many as each row says. */
  readonly calls: number | undefined
  /** Calls before the first round. */
  readonly warm: number
  readonly json: boolean
  /** What is measured, against what. */
  readonly subject: 'siplab' | 'bare'
  /** undefined: each row names it, most of them Kamailio. */
  readonly against: 'kamailio' | 'bare' | Checkout | undefined
  /** Without the other side. */
  readonly alone: boolean
  /** Folder for a CPU profile of the subject; it costs a few per cent itself. */
  readonly profile: string | undefined
  readonly bar: Bar
  readonly baselineMayBreak: boolean
}

/** Fewer pairs leave an interval that says little. */
const fewestPairs = 8

const allRows: readonly string[] = [...rows.map(({ name }) => name), ...specials]
const kamailioRows: readonly string[] = rows.filter(({ other }) => other === 'kamailio').map(({ name }) => name)

export const usage = `npm run bench:proxy
    all rows (--all), five rounds each, then event loop delay, overload and the SQLite store
node bench/proxy.ts --rows tls-saturated,udp-saturated --rounds 3 --calls 4000 --json
node bench/proxy.ts --rows tls-saturated --alone --profile DIR
    ours only, with a CPU profile of the process in DIR
node bench/proxy.ts --baseline-may-break
    a baseline that breaks off is reported, and the exit status is 75
node bench/proxy.ts --rows udp-saturated --against DIR --pairs 12
    another checkout of siplab (with node_modules) instead of Kamailio: alternating pairs of rounds, at least
    ${fewestPairs}, and the 95 % interval of the ratio; exit status 1 when one is wholly above
    ${defaultBar.toFixed(2)}, or --bar 1.05
node bench/proxy.ts --rows tls-20 --against bare --pairs 8
    ours ÷ the bare proxy of bench/proxy/bare.ts, which does only what a call needs; without a bar unless --bar is given
node bench/proxy.ts --rows tls-20 --against kamailio --pairs 8
    ours ÷ Kamailio in pairs (a checkout in a folder of these names: ./bare, ./kamailio)
node bench/proxy.ts --rows tls-20,register --bare --rounds 5
    the bare proxy ÷ Kamailio: what Node itself costs
node bench/proxy.ts --rows udp-saturated --flags=--max-semi-space-size=32
    ours with other Node flags instead of Kamailio
--warm N: calls before the first round. Rows: ${allRows.join(', ')}
Rows of the bare proxy: ${bareRows.join(', ')}`

/**
 * undefined: --help.
 *
 * @throws RangeError with what was wanted and what was found, TypeError of `parseArgs` for an unknown option
 */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parseOptions(args)
  if (values.help) return undefined
  const { bare, against, flags, pairs } = values
  checkNumbers(values)
  if (bare && (against !== undefined || flags !== undefined || pairs !== undefined))
    throw new RangeError(
      '--bare wants none of --against, --flags and --pairs: it is compared with Kamailio in --rounds',
    )
  const isPaired = against !== undefined || flags !== undefined
  if (pairs !== undefined && (!isPaired || Number(pairs) < fewestPairs))
    throw new RangeError(`--pairs wants --against or --flags, and at least ${fewestPairs}, found ${pairs}`)
  const other = readOther(against, flags)
  return {
    names: readNames(values, other),
    rounds: Number(isPaired ? (pairs ?? fewestPairs) : values.rounds),
    calls: values.calls === undefined ? undefined : Number(values.calls),
    warm: Number(values.warm),
    json: values.json,
    subject: bare ? 'bare' : 'siplab',
    against: other,
    alone: values.alone,
    profile: values.profile,
    bar: values.bar === undefined ? usualBar(other) : Number(values.bar),
    baselineMayBreak: values['baseline-may-break'],
  }
}

function parseOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      pairs: { type: 'string' },
      calls: { type: 'string' },
      warm: { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      'baseline-may-break': { type: 'boolean', default: false },
      profile: { type: 'string' },
      against: { type: 'string' },
      bare: { type: 'boolean', default: false },
      flags: { type: 'string' },
      bar: { type: 'string' },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  return values
}

function checkNumbers(values: ReturnType<typeof parseOptions>): void {
  for (const option of ['rounds', 'pairs', 'calls', 'warm'] as const) {
    const text = values[option] ?? '1'
    if (!/^[1-9]\d{0,6}$/.test(text))
      throw new RangeError(`--${option} wants a whole number from 1 to 9999999, found ${text}`)
  }
  if (!/^[1-9]\.\d{1,3}$/.test(values.bar ?? '1.0'))
    throw new RangeError(`--bar wants a number such as 1.05, found ${values.bar}`)
}

function readOther(against: string | undefined, flags: string | undefined): Options['against'] {
  if (against === 'bare' || against === 'kamailio') {
    if (flags !== undefined) throw new RangeError(`--flags wants siplab on the other side, found --against ${against}`)
    return against
  }
  if (against === undefined && flags === undefined) return undefined
  const folder = against === undefined ? thisCheckout : resolve(against)
  if (!existsSync(join(folder, 'src/cli/siplab.mjs')))
    throw new RangeError(`--against wants bare, kamailio or the folder of a checkout of siplab, found ${against}`)
  return { folder, flags: flags?.split(' ') ?? [] }
}

function usualBar(against: Options['against']): Bar {
  if (against === 'bare') return 'none'
  return typeof against === 'object' ? defaultBar : 'rows'
}

function readNames(values: ReturnType<typeof parseOptions>, against: Options['against']): readonly string[] {
  if (values.all && values.rows !== undefined) throw new RangeError('--all and --rows are not given together')
  const { option, possible } = possibleRows(values.bare, against)
  const names = values.rows?.split(',') ?? possible
  const unknown = names.filter((name) => !possible.includes(name))
  if (unknown.length > 0)
    throw new RangeError(`${option} wants rows out of ${possible.join(', ')}; found ${unknown.join(', ')}`)
  return names
}

function possibleRows(
  bare: boolean,
  against: Options['against'],
): { readonly option: string; readonly possible: readonly string[] } {
  if (bare) return { option: '--bare', possible: bareRows }
  if (against === 'bare') return { option: '--against bare', possible: bareRows }
  if (against === 'kamailio') return { option: '--against kamailio', possible: kamailioRows }
  return { option: '--rows', possible: allRows }
}

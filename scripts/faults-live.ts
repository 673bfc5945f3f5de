/**
 * Puts every certificate fault of the catalogue on ONE running lab, one after the other, each side and TLS version,
 * then every other fault once, and says whether the first verdict named it. Exit status 1 when one was not named.
 *
 *     node scripts/faults-live.ts [--part certificates|others] [--only SLUG[,SLUG]] [--network N] [--write FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Fault, Side } from '../src/faults/catalogue/fault.ts'
import { faults } from '../src/faults/catalogue/index.ts'
import { LabError } from '../src/lab/lab-error.ts'
import { breakTarget, healTarget, readTarget } from '../src/faults/break.ts'
import type { Outcome } from '../src/faults/placement.ts'
import type { RunningLabAccess } from '../src/lab/running-lab.ts'
import { aroundFaults, type AroundRow, showAround } from './faults-around.ts'
import { bringUpQuietly } from './script-lab.ts'

/** One row of the table. */
export interface LiveRow {
  readonly fault: string
  /** The end whose certificate is at fault, or that is judged by a broken judge; `start` for what stops a start. */
  readonly side: Side | 'start'
  readonly tls: '1.2' | '1.3' | '–'
  readonly expected: string | undefined
  /** The first verdict; absent: there was none. */
  readonly verdict: string | undefined
  readonly named: boolean
  /** The lab cannot be made to show it, with the reason. */
  readonly notShown?: string
  readonly restarted: boolean
  readonly ms: number
}

/** A fault of the external certificate needs a partner to be seen. */
function topologyOf({ reference }: Fault): 'edge' | 'federation' {
  return reference === undefined ? 'edge' : 'federation'
}

/** The node that is broken; the director accepts from two others and dials two. */
const targets = { edge: 'director', federation: 'edge' } as const

async function showAll(
  rows: LiveRow[],
  topology: 'edge' | 'federation',
  chosen: readonly Fault[],
  network: number | undefined,
): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'siplab-faults-'))
  const { access, stop } = await bringUpQuietly(topology, data, network)
  try {
    for (const fault of chosen) {
      for (const wanted of variants(fault)) {
        const target = fault.notOnNode === 'dialled-name' ? 'fe1->director' : targets[topology]
        const row = await show(access, target, fault, wanted)
        rows.push(row)
        process.stdout.write(`${line(row)}\n`)
      }
    }
  } finally {
    await stop()
    rmSync(data, { recursive: true, force: true })
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      network: { type: 'string' },
      write: { type: 'string' },
      part: { type: 'string' },
    },
  })
  const isChosen = (name: string): boolean => values.only?.split(',').includes(name) ?? true
  const chosen = values.part === 'others' ? [] : faults.filter(({ slug }) => isChosen(slug))
  const rows: LiveRow[] = []
  const around: AroundRow[] = []
  const started = performance.now()
  const network = values.network === undefined ? undefined : Number(values.network)
  for (const [topology, own] of Map.groupBy(chosen, topologyOf)) await showAll(rows, topology, own, network)
  const others = values.part === 'certificates' ? [] : aroundFaults.filter(({ name }) => isChosen(name))
  await showAround(others, network, (row) => {
    around.push(row)
    process.stdout.write(`${aroundLine(row)}\n`)
  })
  const every: readonly (LiveRow | AroundRow)[] = [...rows, ...around]
  const shown = every.filter(({ notShown }) => notShown === undefined)
  const named = shown.filter((row) => row.named)
  const share = shown.length === 0 ? 0 : (100 * named.length) / shown.length
  process.stdout.write(
    `\n${named.length} of ${shown.length} named first (${share.toFixed(1)} %), ${every.length - shown.length} ` +
      `cannot be shown in a lab, ${rows.filter(({ restarted }) => restarted).length} by a restart, ` +
      `${Math.round((performance.now() - started) / 1000)} s\n`,
  )
  for (const row of shown.filter((each) => !each.named))
    process.stdout.write(`NOT NAMED ${'on' in row ? aroundLine(row) : line(row)}\n`)
  if (values.write !== undefined)
    writeFileSync(
      values.write,
      `${JSON.stringify(
        [...rows, ...around].map(({ ms: _ms, ...row }) => row),
        undefined,
        1,
      )}\n`,
    )
  return named.length === shown.length && shown.length > 0 ? 0 : 1
}

interface Wanted {
  readonly side: Side | 'start'
  readonly tls: '1.2' | '1.3' | '–'
}

function variants({ expect, sides, versions = ['TLSv1.2', 'TLSv1.3'] }: Fault): readonly Wanted[] {
  if (expect.kind === 'stops-start') return [{ side: 'start', tls: '–' }]
  return sides.flatMap((side) =>
    versions.map((version): Wanted => ({ side, tls: version === 'TLSv1.2' ? '1.2' : '1.3' })),
  )
}

async function show(access: RunningLabAccess, target: string, fault: Fault, { side, tls }: Wanted): Promise<LiveRow> {
  const began = performance.now()
  const row = (outcome: Partial<Outcome>, notShown?: string): LiveRow => ({
    fault: fault.slug,
    side,
    tls,
    expected: outcome.expected ?? (side === 'client' ? (fault.expectClient ?? fault.expect) : fault.expect).verdict,
    verdict:
      outcome.verdict?.code ??
      outcome.remarks
        ?.flatMap((remark) => [remark, ...(remark.others ?? [])])
        .find(({ code }) => code === outcome.expected)?.code,
    named: outcome.named === true,
    restarted: outcome.restarted === true,
    ms: Math.round(performance.now() - began),
    ...(notShown === undefined ? {} : { notShown }),
  })
  const end = side === 'start' ? fault.sides[0] : side
  const as = fault.breaks === 'judge' ? (end === 'server' ? 'client' : 'server') : end
  const on = readTarget(access.plan, target)
  try {
    const outcome = await breakTarget(access, on, fault.slug, {
      ...(as === undefined ? {} : { as }),
      ...(tls === '–' ? {} : { tls }),
    })
    const links = await healTarget(access, on)
    const down = links.filter(({ state }) => state !== 'up')
    if (down.length > 0)
      throw new Error(
        `after the heal of ${fault.slug}: ` +
          `${down.map(({ from, to, verdict }) => `${from}->${to} ${verdict?.code}`).join(', ')}`,
      )
    return row(outcome)
  } catch (error) {
    if (error instanceof LabError && error.code === 'fault.not-in-a-lab') return row({}, error.message)
    throw error
  }
}

function aroundLine({ fault, on, expected = 'no one minds', verdict = 'no one minds', ...row }: AroundRow): string {
  const outcome = row.notShown ?? (row.named ? 'yes' : 'NO')
  return `${fault.padEnd(34)} ${on.padEnd(13)} ${expected.padEnd(26)} ${verdict.padEnd(26)} ${outcome} ${row.ms} ms`
}

function line({ fault, side, tls, expected, verdict, named, notShown, ms }: LiveRow): string {
  const outcome = notShown === undefined ? (named ? 'yes' : 'NO') : 'not shown'
  return (
    `${fault.padEnd(34)} ${side.padEnd(7)} ${tls.padEnd(4)} ${(expected ?? 'no one minds').padEnd(26)} ` +
    `${(verdict ?? 'no one minds').padEnd(26)} ${outcome.padEnd(9)} ${ms} ms`
  )
}

if (import.meta.main) process.exit(await main())

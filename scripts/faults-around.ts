/** The faults that are no certificates, each on a running lab: links, DNS, databases, configuration, surroundings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { breakTarget, type FaultOptions, healTarget, readTarget } from '../src/faults/break.ts'
import { type ListedFault, faultList } from '../src/faults/list.ts'
import { faults } from '../src/faults/catalogue/index.ts'
import { hasMovableClock } from '../src/lab/clock.ts'
import type { RunningLabAccess } from '../src/lab/running-lab.ts'
import { bringUpQuietly } from './script-lab.ts'

/** One row of the table. */
export interface AroundRow {
  readonly fault: string
  readonly target: ListedFault['target']
  /** Of the lab: `director->fe1`. */
  readonly on: string
  readonly expected?: string
  readonly verdict?: string
  readonly named: boolean
  readonly notShown?: string
  readonly ms: number
}

/** Where each is shown: the topology, whether its clocks move, and the target. */
interface Place {
  readonly topology: string
  readonly movableClock: boolean
  readonly on: string
  readonly options?: FaultOptions
}

export const aroundFaults: readonly ListedFault[] = faultList.filter(
  ({ name, notInALab }) => notInALab === undefined && !faults.some(({ slug }) => slug === name),
)

/** Certificate faults that also act at the ports for phones. */
const forPhones = faultList.filter(({ name }) => name === 'browser-without-certificate')

function placeOf({ name, target }: ListedFault): Place {
  if (forPhones.some((fault) => fault.name === name)) {
    const options = { as: 'server', reference: 'edge-external' } as const
    return { topology: 'edge', movableClock: false, on: 'edge', options }
  }
  if (target === 'store' || target === 'directory') return { topology: 'pool', movableClock: false, on: target }
  if (name === 'crl-point-unreachable') return { topology: 'edge-pool', movableClock: false, on: 'edge' }
  const ofTheEdge = name === 'duplicate-partner' || name === 'one-machine-store'
  const on = { link: 'director->fe1', dns: 'dns', node: ofTheEdge ? 'edge' : 'director' }[target]
  return { topology: 'edge', movableClock: name === 'clock-behind', on }
}

/** Each fault once, every lab brought up once; `tell` hears each row as it comes. */
export async function showAround(
  chosen: readonly ListedFault[],
  network: number | undefined,
  tell: (row: AroundRow) => void,
): Promise<void> {
  const cases = [...chosen, ...forPhones].map((fault) => ({ fault, place: placeOf(fault) }))
  const labs = Map.groupBy(cases, ({ place: { topology, movableClock } }) => `${topology} ${movableClock}`)
  for (const own of labs.values()) {
    const [first] = own
    if (first === undefined) continue
    if (first.place.movableClock && !hasMovableClock()) {
      for (const { fault, place } of own)
        tell({ ...frame(fault, place), named: false, notShown: 'libfaketime is not installed', ms: 0 })
      continue
    }
    await inLab(first.place, network, async (access) => {
      for (const { fault, place } of own) tell(await show(access, fault, place))
    })
  }
}

async function inLab(
  { topology, movableClock }: Place,
  network: number | undefined,
  act: (access: RunningLabAccess) => Promise<void>,
): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'siplab-faults-'))
  const { access, stop } = await bringUpQuietly(topology, data, network, movableClock)
  try {
    await act(access)
  } finally {
    await stop()
    rmSync(data, { recursive: true, force: true })
  }
}

function frame(
  { name, target, verdict }: ListedFault,
  { on }: Place,
): Pick<AroundRow, 'fault' | 'target' | 'on' | 'expected'> {
  return { fault: name, target, on, ...(verdict === undefined ? {} : { expected: verdict }) }
}

async function show(access: RunningLabAccess, fault: ListedFault, place: Place): Promise<AroundRow> {
  const began = performance.now()
  const target = readTarget(access.plan, place.on)
  const { verdict, named } = await breakTarget(access, target, fault.name, place.options ?? {})
  await healTarget(access, target)
  return {
    ...frame(fault, place),
    ...(verdict === undefined ? {} : { verdict: verdict.code }),
    named,
    ms: Math.round(performance.now() - began),
  }
}

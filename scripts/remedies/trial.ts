/** One fault, its remedy word for word, and what came of it. */
import { placementOf, readTarget } from '../../src/faults/break.ts'
import type { Fault } from '../../src/faults/catalogue/fault.ts'
import { faults } from '../../src/faults/catalogue/index.ts'
import type { Outcome, Placement } from '../../src/faults/placement.ts'
import { putUnrecorded } from '../../src/faults/put.ts'
import { faultList } from '../../src/faults/list.ts'
import { hasMovableClock } from '../../src/lab/clock.ts'
import { LabError } from '../../src/lab/lab-error.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { commandsOf } from '../../src/verdicts/remedy.ts'
import type { TrialLab } from './lab.ts'

/** One fault at one end of one link. */
export interface Case {
  readonly fault: string
  readonly target: string
  readonly as?: 'server' | 'client'
  /** Pinned at the target. */
  readonly tls?: '1.2' | '1.3'
  readonly reference?: 'edge-external'
  /** The lab it needs; absent: `edge`. */
  readonly topology?: 'federation' | 'edge-pool'
  /** It needs a lab whose clocks can be moved. */
  readonly movesClock?: true
}

/** The incident of 2006, and the lock that it ends in: no fault of the catalogue, but a certificate that ended. */
const incidents = ['trial-certificate-expiry', 'security-settings-locked'] as const

/**
 * `cured`: the printed command cured it. `person`: the remedy names no command. `failed`: neither. `acting`: the fault
 * exists only while siplab acts, and `heal` ends it. `nothing`: no one minds, or no lab shows it.
 */
export type Column = 'cured' | 'person' | 'failed' | 'acting' | 'nothing'

export interface Row extends Case {
  readonly column: Column
  /** What was printed for the first verdict. */
  readonly code?: string
  readonly remedy?: string
  /** Further remedies that were printed on the way, each followed. */
  readonly then?: readonly string[]
  /** Why it is not cured. */
  readonly because?: string
}

/** A remedy may uncover the next fault behind it; more than these in a row are no remedy. */
const mostRemedies = 3

/** Every case: each end of the links of the director, the tables of the edge, the files of the databases. */
export function allCases(): readonly Case[] {
  const target = 'director'
  const certificates = faults.flatMap((fault) =>
    isElsewhere(fault) || (fault.expect.verdict === undefined && fault.expectClient?.verdict === undefined)
      ? []
      : endsOf(fault).flatMap((as) =>
          versionsOf(fault).map((tls): Case => ({ fault: fault.slug, target, as, ...tls })),
        ),
  )
  const edge = new Set(['duplicate-partner', 'one-machine-store'])
  const others = faultList
    .filter(({ target, family }) => target === 'node' && family === 'configuration')
    .map(({ name }): Case => ({ fault: name, target: edge.has(name) ? 'edge' : 'director' }))
  const files = (['store', 'directory'] as const).flatMap((target) =>
    ['down', 'corrupt'].map((fault): Case => ({ fault, target })),
  )
  const trials = incidents.map((fault): Case => ({ fault, target: 'fe1' }))
  const external = ['public-cert-2026', 'expired', 'untrusted-root'].map(
    (fault): Case => ({ fault, target: 'edge', as: 'client', reference: 'edge-external', topology: 'federation' }),
  )
  const around: readonly Case[] = [
    ...(hasMovableClock() ? [{ fault: 'clock-behind', target, movesClock: true } as const] : []),
    { fault: 'crl-point-unreachable', target: 'edge', topology: 'edge-pool' },
  ]
  return [
    ...certificates,
    ...others,
    ...around,
    { fault: 'one-machine-store', target: 'edge' },
    ...files,
    ...trials,
    ...external,
  ]
}

/** Faults that act inside a node for as long as siplab holds them. */
export function actingCases(): readonly Row[] {
  const acting = faultList.filter(
    ({ target, name }) =>
      target === 'link' || target === 'dns' || (target !== 'node' && name !== 'down' && name !== 'corrupt'),
  )
  return acting.map(({ name, target }) => ({
    fault: name,
    target,
    column: 'acting',
    because: 'it exists while siplab acts: siplab heal',
  }))
}

/** On the external face, or on a link: those have cases of their own. */
function isElsewhere({ reference, notOnNode }: Fault): boolean {
  return reference !== undefined || notOnNode === 'dialled-name'
}

/** Where the node stands for each end that the fault knows. */
function endsOf({ sides, breaks, expect, expectClient }: Fault): readonly ('server' | 'client')[] {
  const counts = sides.filter((side) => {
    const at = side === 'client' ? (expectClient ?? expect) : expect
    return at.verdict !== undefined
  })
  if (expect.kind === 'stops-start') return counts.slice(0, 1).map((side) => standing(side, breaks))
  return counts.map((side) => standing(side, breaks))
}

/** What stops a start is the same under any version. */
function versionsOf({ expect, versions = ['TLSv1.2', 'TLSv1.3'] }: Fault): readonly Pick<Case, 'tls'>[] {
  return expect.kind === 'stops-start' ? [{}] : versions.map((each) => ({ tls: each === 'TLSv1.2' ? '1.2' : '1.3' }))
}

function standing(side: 'server' | 'client', breaks: Fault['breaks']): 'server' | 'client' {
  return breaks === 'judge' ? (side === 'server' ? 'client' : 'server') : side
}

export async function tryRemedy(lab: TrialLab, one: Case): Promise<Row> {
  const { access } = lab
  const incident = incidents.find((name) => name === one.fault)
  if (incident !== undefined) return tryIncident(lab, one, incident)
  let placement: Placement
  try {
    placement = await placementOf(access, readTarget(access.plan, one.target), one.fault, {
      ...(one.as === undefined ? {} : { as: one.as }),
      ...(one.tls === undefined ? {} : { tls: one.tls }),
      ...(one.reference === undefined ? {} : { reference: one.reference }),
    })
  } catch (error) {
    if (error instanceof LabError && error.code === 'fault.not-in-a-lab')
      return { ...one, column: 'nothing', because: 'no lab shows it' }
    throw error
  }
  try {
    return await follow(lab, one, toldBy(await putUnrecorded(access, placement)))
  } finally {
    await lab.giveBack(placement.edits)
  }
}

/** A trial certificate is assigned and ends, and the service with it; then the Security tab does not open. */
async function tryIncident(lab: TrialLab, one: Case, incident: (typeof incidents)[number]): Promise<Row> {
  try {
    const failure = await lab.run(`siplab certs trial ${one.target} --valid 10s --assign`)
    if (failure !== undefined) return { ...one, column: 'failed', because: failure }
    const died = await lab.diedOf(one.target)
    if (incident === 'trial-certificate-expiry') return await follow(lab, one, died)
    const refused = await lab.run(`siplab settings ${one.target} security`)
    if (refused === undefined || died === undefined)
      return { ...one, column: 'failed', because: 'the Security tab opened' }
    return await follow(lab, one, {
      ...died,
      code: 'config.certificate-locked',
      fix: refused.replace(/^[^]*?exit \d: siplab: /, ''),
    })
  } finally {
    await lab.giveBack([])
  }
}

async function follow(lab: TrialLab, one: Case, first: Verdict | undefined): Promise<Row> {
  if (first === undefined) return { ...one, column: 'failed', because: 'nothing was printed that names the fault' }
  const printed: string[] = []
  let next: Verdict = first
  const row = (column: Column, because?: string): Row => {
    const [remedy, ...then] = printed
    return {
      ...one,
      column,
      code: first.code,
      ...(remedy === undefined ? {} : { remedy }),
      ...(then.length === 0 ? {} : { then }),
      ...(because === undefined ? {} : { because }),
    }
  }
  while (printed.length < mostRemedies) {
    const remedy = next.fix ?? ''
    if (printed.includes(remedy)) return row('failed', `the same remedy is printed again, for ${next.code}`)
    printed.push(remedy)
    const placeholder = /\b(?:NODE|PEER|REFUSER|DIALLER|ACCEPTOR|REFERENCE|CERTIFICATE)\b/.exec(remedy)?.[0]
    if (placeholder !== undefined) return row('failed', `a placeholder is left: ${placeholder}`)
    const commands = commandsOf(remedy)
    if (commands === '') return row('person', remedy)
    if (/siplab heal/.test(commands)) return row('person', remedy)
    const failure = await lab.run(commands)
    if (failure !== undefined) return row('failed', failure)
    const { verdicts, down } = await lab.look()
    const left = verdicts.find(({ code }) => code === first.code)
    if (down.length === 0 && left === undefined) return row('cured')
    const found = left ?? verdicts[0]
    if (found === undefined) return row('failed', `down, and nothing is said about it: ${down.join(', ')}`)
    next = found
  }
  return row('failed', `${mostRemedies} remedies did not cure it, the last is about ${next.code}`)
}

/** What a person reads first: the verdict that names the fault, else the remark that does. */
function toldBy({ expected, verdict, remarks }: Outcome): Verdict | undefined {
  if (verdict !== undefined) return verdict
  return remarks.flatMap((remark) => [remark, ...(remark.others ?? [])]).find(({ code }) => code === expected)
}

/**
 * What a certificate fault brings to light: the verdicts of links dialled again, or what a node died of at its start.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Verdict } from '../verdicts/verdict.ts'
import { type LabLink, linkName, redial } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { SeenVerdict, Watch } from '../lab/watch.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Expectation } from './catalogue/fault.ts'
import { lookFromOutside } from './outside.ts'
import type { Placement, Seen, TakenUp } from './placement.ts'

const verdictWithinMs = 5000

type Findings = Pick<Seen, 'remarks' | 'links' | 'notes'> & { readonly verdicts: readonly SeenVerdict[] }

export interface Showing {
  readonly links: readonly LabLink[]
  /** An access proxy whose external face no node dials: it is looked at from outside. */
  readonly outside?: NodePlan
  /** The fault shows on the second connection of a link. */
  readonly isSecond?: boolean
  /** A code that a node only remarks: it is waited for. */
  readonly awaited?: string
}

/** How a fault is seen that shows on live links. */
export function lookAtLinks(lab: RunningLabAccess, expected: Expectation, showing: Showing): Placement['look'] {
  return async (taken) => judged(expected, await seenLive(lab, taken, showing))
}

/** How a fault is seen that shows at the start of a node. */
export function lookAtRestart(
  lab: RunningLabAccess,
  expected: Expectation,
  node: NodePlan,
  links: readonly LabLink[],
): Placement['look'] {
  return async (taken) => judged(expected, await seenByRestart(lab, taken, node, links))
}

/** Links are dialled again, since live flows keep what they were opened with. */
async function seenLive(
  lab: RunningLabAccess,
  { watch, reports }: TakenUp,
  { links, outside: node, isSecond = false, awaited }: Showing,
): Promise<Findings> {
  if (isSecond) await redial(lab, links)
  const states = await redial(lab, links)
  const refused = links.filter(({ from, peer }) =>
    states.some((state) => state.from === from.name && state.peer === peer && state.state === 'down'),
  )
  const verdicts = await watch.verdicts(refused.map(linkName), verdictWithinMs)
  const outside = node === undefined ? undefined : await lookFromOutside(lab, node)
  if (awaited !== undefined) await untilRemarked(watch, awaited)
  const fromOutside =
    outside?.verdict === undefined
      ? []
      : [{ verdict: outside.verdict, views: [{ node: 'outside', event: 'handshake', verdict: outside.verdict }] }]
  // A change that a node could not take: the old certificate goes on serving, and the node says why.
  const kept = reports.every(({ unchanged }) => unchanged.length === 0)
    ? []
    : watch.events().filter(({ event }) => event === 'certificate.kept')
  return {
    verdicts: [...verdicts, ...fromOutside, ...kept.flatMap(asSeen)],
    remarks: remarks(watch.events()),
    links: [...states, ...(outside === undefined ? [] : [outside.link])],
    notes: ['siplab dialled the links again, because an open connection keeps its certificate'],
  }
}

/** A remark about a peer is written once the link is up, and read from a file. */
async function untilRemarked(watch: Watch, code: string): Promise<void> {
  const isThere = (): boolean =>
    remarks(watch.events()).some((remark) => [remark, ...(remark.others ?? [])].some((each) => each.code === code))
  for (const until = performance.now() + verdictWithinMs; !isThere() && performance.now() < until; ) await delay(25)
}

async function seenByRestart(
  lab: RunningLabAccess,
  { watch, ready }: TakenUp,
  { name }: NodePlan,
  links: readonly LabLink[],
): Promise<Findings> {
  const died = watch.events().filter(({ node, level }) => node === name && level === 'error')
  return {
    verdicts: died.flatMap(asSeen).slice(0, 1),
    remarks: remarks(watch.events()),
    links: ready ? await redial(lab, links) : [],
    notes: [],
  }
}

function remarks(events: readonly NodeEvent[]): readonly Verdict[] {
  return events.flatMap(({ event, verdict }) =>
    event === 'certificate.remarked' && verdict !== undefined ? [verdict] : [],
  )
}

function asSeen({ node, event, verdict }: NodeEvent): readonly SeenVerdict[] {
  return verdict === undefined ? [] : [{ verdict, views: [{ node, event, verdict }] }]
}

/** The remarks and their others, with the remark that names the fault first. */
function ledBy(expected: string | undefined, remarks: readonly Verdict[]): readonly Verdict[] {
  const flat = remarks.flatMap(({ others = [], ...remark }): readonly Verdict[] => [remark, ...others])
  return [...flat.filter(({ code }) => code === expected), ...flat.filter(({ code }) => code !== expected)]
}

/** The verdict that names the fault, of several links; else the first. */
export function judged({ verdict: expected }: Expectation, { verdicts, ...findings }: Findings): Seen {
  const best = verdicts.find(({ verdict }) => verdict.code === expected) ?? verdicts[0]
  const seen = {
    ...(expected === undefined ? {} : { expected }),
    ...(best === undefined ? {} : { verdict: best.verdict }),
    views: best?.views ?? [],
    ...findings,
    remarks: ledBy(expected, findings.remarks),
  }
  const allUp = findings.links.every(({ state }) => state === 'up')
  if (best !== undefined) return { ...seen, named: best.verdict.code === expected }
  const remarked = seen.remarks.some(({ code }) => code === expected)
  return { ...seen, named: allUp && (expected === undefined || remarked) }
}

/**
 * Certificate faults on a running lab: `siplab break director expired --as server`. The faulty certificate is put
 * beside the good one and assigned live; links are dialled again, since live flows keep what they were opened with.
 * What stops a start is shown by a restart.
 */
import type { Verdict } from '../certificates/verdict.ts'
import { LabError } from '../lab/lab-error.ts'
import { type LabLink, linkName, linksOf, redial } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { SeenVerdict } from '../lab/watch.ts'
import type { NodeEvent } from '../roles/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Expectation, Fault, Side } from './catalogue/fault.ts'
import { lookFromOutside, type OutsideView } from './outside.ts'
import { type CertificateFaultOptions, otherEnd, place } from './place.ts'
import type { Placement, Seen, TakenUp } from './placement.ts'

/** Faults that no lab can show, and why. */
const notInALab: Readonly<Record<string, string>> = {
  'crl-not-on-sni-context': 'nodes have one context for every name, so that no name leads past the CRLs',
}

const verdictWithinMs = 2500

/** A list that cannot be used is not taken live, the old one goes on serving: these are seen at the next start. */
const seenAtStart: ReadonlySet<string> = new Set(['trust.empty', 'trust.malformed', 'trust.missing', 'trust.partial'])

/** @throws LabError `usage` when the fault does not fit; `not-so` when no link would show it, or another is in the way */
export async function certificateFault(
  lab: RunningLabAccess,
  node: NodePlan,
  fault: Fault,
  options: CertificateFaultOptions,
): Promise<Placement> {
  const as = options.as ?? defaultEnd(fault)
  const side = sideOf(fault, as)
  const expected = side === 'client' ? (fault.expectClient ?? fault.expect) : fault.expect
  const external = options.reference === 'edge-external' && as === 'server'
  const all = await linksOf(lab, node, as)
  // The edge of a partner dials the external face; without one, nobody of the lab does.
  const links = external
    ? all.filter(({ peer }) => node.faces.some(({ name, fqdn }) => name === 'external' && fqdn === peer))
    : all
  const outside = external && links.length === 0
  if (links.length === 0 && !outside && expected.kind !== 'stops-start')
    throw new LabError(
      'not-so',
      'fault.no-link',
      `${node.name} has no link of the lab where it ${as === 'server' ? 'accepts' : 'dials'}, so nobody would see ` +
        `${fault.slug}; siplab plan shows the links`,
    )
  const reason = notInALab[fault.slug]
  if (reason !== undefined)
    throw new LabError('not-so', 'fault.not-in-a-lab', `${fault.slug} cannot be shown here: ${reason}. ${fault.story}`)
  const { edits, links: shows } = place(lab, { node, fault, as, links, options })
  const atStart = expected.kind === 'stops-start' || seenAtStart.has(expected.verdict ?? '')
  return {
    target: node.name,
    fault: fault.slug,
    as,
    story: fault.story,
    edits,
    restarts: atStart ? [node.name] : [],
    look: async (taken) =>
      judged(
        expected,
        atStart
          ? await seenByRestart(lab, taken, node, shows)
          : await seenLive(lab, taken, shows, () => (outside ? lookFromOutside(lab, node) : undefined)),
      ),
  }
}

function defaultEnd({ sides, breaks }: Fault): Side {
  const [first = 'server'] = sides
  return breaks === 'judge' ? otherEnd(first) : first
}

/** The end whose certificate is at fault, or that a broken judge refuses. @throws LabError `fault.side` */
function sideOf(fault: Fault, as: Side): Side {
  const side = fault.breaks === 'judge' ? otherEnd(as) : as
  if (fault.sides.includes(side)) return side
  throw new LabError(
    'usage',
    'fault.side',
    `${fault.slug} does not exist where a node ${as === 'server' ? 'accepts' : 'dials'}; leave --as out, or use ` +
      `--as ${otherEnd(as)}`,
  )
}

type Findings = Pick<Seen, 'remarks' | 'links' | 'notes'> & { readonly verdicts: readonly SeenVerdict[] }

async function seenLive(
  lab: RunningLabAccess,
  { watch, reports }: TakenUp,
  links: readonly LabLink[],
  look: () => Promise<OutsideView | undefined> | undefined,
): Promise<Findings> {
  const states = await redial(lab, links)
  const refused = links.filter(({ from, peer }) =>
    states.some((state) => state.from === from.name && state.peer === peer && state.state === 'down'),
  )
  const verdicts = await watch.verdicts(refused.map(linkName), verdictWithinMs)
  const outside = await look()
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
    notes: ['links were dialled again; a live link would have kept the certificate it was opened with'],
  }
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

/** The verdict that names the fault, of several links; else the first. */
function judged({ verdict: expected }: Expectation, { verdicts, ...findings }: Findings): Seen {
  const best = verdicts.find(({ verdict }) => verdict.code === expected) ?? verdicts[0]
  const seen = {
    ...(expected === undefined ? {} : { expected }),
    ...(best === undefined ? {} : { verdict: best.verdict }),
    views: best?.views ?? [],
    ...findings,
  }
  const allUp = findings.links.every(({ state }) => state === 'up')
  if (best !== undefined) return { ...seen, named: best.verdict.code === expected }
  const remarked = findings.remarks.some((remark) =>
    [remark, ...(remark.others ?? [])].some(({ code }) => code === expected),
  )
  return { ...seen, named: allUp && (expected === undefined || remarked) }
}

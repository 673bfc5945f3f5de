/**
 * Certificate faults on a running lab: `siplab break director expired --as server`. The faulty certificate is put
 * beside the good one and assigned live; peers that judge it get the CRLs, roots or settings it needs; links are
 * dialled again, since live flows keep what they were opened with. What stops a start is shown by a restart.
 */
import type { Expectation, Fault, Side } from '../certificates/faults/fault.ts'
import type { Verdict } from '../certificates/verdict.ts'
import type { ChangeReport, NodeEvent } from '../roles/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { giveBack, refuseTouched } from './fault-files.ts'
import { linkName, linksOf, redial, type SeenLink, whileRunning } from './fault-links.ts'
import { lookFromOutside, type OutsideView } from './fault-outside.ts'
import type { BreakOutcome } from './fault-outcome.ts'
import { type CertificateBreakOptions, otherEnd, place, type Placed } from './fault-place.ts'
import { type FaultRecord, forgetFault, noteFault, refuseSecond } from './fault-record.ts'
import { type SeenVerdict, type Watch, watchEvents } from './fault-views.ts'
import { LabError } from './lab-error.ts'
import { labFolder } from './lab-folder.ts'
import { startNode, stopNode } from './node-restart.ts'
import type { RunningLabAccess } from './running-lab.ts'

/** Faults that no lab can show, and why. */
const notInALab: Readonly<Record<string, string>> = {
  'crl-not-on-sni-context': 'nodes have one context for every name, so that no name leads past the CRLs',
}

const verdictWithinMs = 2500
const startWithinMs = 20_000

/** @throws LabError `usage` when the fault does not fit; `not-so` when the target has one or no link would show it */
export async function breakCertificate(
  lab: RunningLabAccess,
  node: NodePlan,
  fault: Fault,
  options: CertificateBreakOptions,
): Promise<BreakOutcome> {
  refuseSecond(labFolder(lab.root), node.name)
  const as = options.as ?? defaultEnd(fault)
  const side = fault.breaks === 'judge' ? otherEnd(as) : as
  if (!fault.sides.includes(side))
    throw new LabError(
      'usage',
      'fault.side',
      `${fault.slug} does not exist where a node ${as === 'server' ? 'accepts' : 'dials'}; leave --as out, or use ` +
        `--as ${otherEnd(as)}`,
    )
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
  const placed = place(lab, { node, fault, as, links, options })
  refuseTouched(lab.root, placed.touched)
  noteFault(labFolder(lab.root), placed.record)
  const atStart = expected.kind === 'stops-start' || seenAtStart.has(expected.verdict ?? '')
  const seen = atStart
    ? await restartUnder(lab, node, placed)
    : await goLive(lab, placed, outside ? () => lookFromOutside(lab, node) : async () => undefined)
  const code = expected.verdict
  return {
    target: node.name,
    fault: fault.slug,
    as,
    story: fault.story,
    ...(code === undefined ? {} : { expected: code }),
    ...chosen(seen, expected),
    restarted: atStart,
  }
}

/** Takes a certificate fault off: files back, reloaded or started again, links dialled again. */
export async function healCertificate(lab: RunningLabAccess, record: FaultRecord): Promise<readonly SeenLink[]> {
  const { held = [], touched = [] } = record.certificate ?? {}
  for (const node of touched) giveBack(lab.root, node, record.target, held)
  forgetFault(labFolder(lab.root), record.target)
  for (const node of touched) await reloadOrStart(lab, node)
  const node = lab.plan.nodes.find(({ name }) => name === record.target)
  if (node === undefined) return []
  const links = [...(await linksOf(lab, node, 'server')), ...(await linksOf(lab, node, 'client'))]
  return redial(lab, links)
}

/** A list that cannot be used is not taken live, the old one goes on serving: these are seen at the next start. */
const seenAtStart: ReadonlySet<string> = new Set(['trust.empty', 'trust.malformed', 'trust.missing', 'trust.partial'])

function defaultEnd({ sides, breaks }: Fault): Side {
  const [first = 'server'] = sides
  return breaks === 'judge' ? otherEnd(first) : first
}

/** What a break brought to light. */
interface Seen {
  readonly verdicts: readonly SeenVerdict[]
  readonly remarks: readonly Verdict[]
  readonly links: readonly SeenLink[]
}

async function goLive(
  lab: RunningLabAccess,
  { links, touched, put }: Placed,
  look: () => Promise<OutsideView | undefined>,
): Promise<Seen> {
  const watch = watchEvents(lab.plan, lab.root)
  try {
    put()
    const reports = await Promise.all(touched.map((name) => lab.clientOf(name).post<ChangeReport>('/reload')))
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
    return {
      verdicts: [...verdicts, ...fromOutside, ...kept(watch, reports)],
      remarks: remarks(watch),
      links: [...states, ...(outside === undefined ? [] : [outside.link])],
    }
  } finally {
    watch.stop()
  }
}

/** A change that a node could not take: the old certificate goes on serving, and the node says why. */
function kept(watch: Watch, reports: readonly ChangeReport[]): readonly SeenVerdict[] {
  if (reports.every(({ unchanged }) => unchanged.length === 0)) return []
  return watch
    .events()
    .filter(({ event }) => event === 'certificate.kept')
    .flatMap(asSeen)
}

function remarks(watch: Watch): readonly Verdict[] {
  return watch
    .events()
    .flatMap(({ event, verdict }) => (event === 'certificate.remarked' && verdict !== undefined ? [verdict] : []))
}

function asSeen({ node, event, verdict }: NodeEvent): readonly SeenVerdict[] {
  return verdict === undefined ? [] : [{ verdict, views: [{ node, event, verdict }] }]
}

async function restartUnder(lab: RunningLabAccess, node: NodePlan, { touched, put, links }: Placed): Promise<Seen> {
  const watch = watchEvents(lab.plan, lab.root)
  try {
    await stopNode(lab, node.name)
    put()
    for (const name of touched.filter((each) => each !== node.name)) await lab.clientOf(name).post('/reload')
    const ready = await startNode(lab, node.name)
    const died = watch
      .events()
      .filter((event) => event.node === node.name && event.level === 'error')
      .flatMap(asSeen)
      .slice(0, 1)
    return { verdicts: died, remarks: remarks(watch), links: ready ? await redial(lab, links) : [] }
  } finally {
    watch.stop()
  }
}

/** A node that died of the fault is started again. */
async function reloadOrStart(lab: RunningLabAccess, node: string): Promise<void> {
  const report = await whileRunning(lab.clientOf(node).post<ChangeReport>('/reload'))
  if (report !== undefined) return
  await Promise.race([startNode(lab, node), late(node)])
}

function late(node: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(
      () =>
        reject(
          new LabError(
            'not-so',
            'node.slow',
            `${node} did not start within ${startWithinMs / 1000} s; siplab events ${node} says why`,
          ),
        ),
      startWithinMs,
    ).unref()
  })
}

/** The verdict that names the fault, of several links; else the first. */
function chosen(
  { verdicts, remarks: said, links }: Seen,
  expected: Expectation,
): Pick<BreakOutcome, 'verdict' | 'views' | 'remarks' | 'links' | 'named'> {
  const best = verdicts.find(({ verdict }) => verdict.code === expected.verdict) ?? verdicts[0]
  const rest = {
    views: best?.views ?? [],
    remarks: said,
    links,
    ...(best === undefined ? {} : { verdict: best.verdict }),
  }
  if (expected.verdict === undefined)
    return { ...rest, named: best === undefined && links.every(({ state }) => state === 'up') }
  const remarked = said.some((remark) =>
    [remark, ...(remark.others ?? [])].some(({ code }) => code === expected.verdict),
  )
  const seenByNode = remarked && links.every(({ state }) => state === 'up')
  return { ...rest, named: best === undefined ? seenByNode : best.verdict.code === expected.verdict }
}

/**
 * Where a certificate fault goes: which end shows the broken certificate, who judges it, and what changes in the files
 * of each. Nothing is written here.
 */
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { pemBlocks } from '../certificates/examine/index.ts'
import { verdictCodes, type VerdictCode } from '../verdicts/codes.ts'
import { plannedFor } from '../lab/renewal/certificate-work.ts'
import { nodeWall } from '../lab/clock.ts'
import { LabError } from '../lab/lab-error.ts'
import { type LabLink, linkName, linksOf } from '../lab/links.ts'
import { openAuthorities } from '../lab/provision.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { faultFile, type FaultInForce } from '../node/fault-in-force.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { referenceUses } from '../node/certificates/own-certificates.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Fault, Side } from './catalogue/fault.ts'
import { labFaultPki, type FaultPki } from './catalogue/fault-pki.ts'
import { certificateEdits, fileEdits, judgeEdits, servedCopy, servedEdits } from './certificate-edits.ts'
import type { EndSettings, Presenter } from './catalogue/variation.ts'
import { lookAtLinks, lookAtRestart } from './seen.ts'
import { ownEnding } from './own-ending.ts'
import type { Edit, FileEdit, Placement } from './placement.ts'

export interface CertificateFaultOptions {
  /** The end NODE is in the links that are to show it. Absent: what the fault is about. */
  readonly as?: Side
  /** Pins the TLS version of the target while the fault is on. */
  readonly tls?: '1.2' | '1.3'
  /** Of an access proxy: `edge-internal` or `edge-external`. */
  readonly reference?: CertificateReference
}

interface Placing {
  readonly node: NodePlan
  readonly fault: Fault
  readonly as: Side
  readonly links: readonly LabLink[]
  readonly options: CertificateFaultOptions
}

interface Placed {
  readonly edits: readonly Edit[]
  /** The links that are to show the fault. */
  readonly links: readonly LabLink[]
}

export function otherEnd(end: Side): Side {
  return end === 'server' ? 'client' : 'server'
}

/** Why a fault of the kind `no-lab` cannot be shown. */
export const notInALab = 'nodes have one TLS context for every name, so no name avoids the CRLs'

/** A list that cannot be used is not taken live, the old one goes on serving: these are seen at the next start. */
const seenAtStart: ReadonlySet<string> = new Set(['trust.empty', 'trust.malformed', 'trust.missing', 'trust.partial'])

/**
 * @throws LabError `usage` when the fault does not fit; `not-so` when no link would show it, or another is in the way
 */
export async function certificateFault(
  lab: RunningLabAccess,
  node: NodePlan,
  fault: Fault,
  given: CertificateFaultOptions,
): Promise<Placement> {
  const options = aboutReference(node, fault, given)
  const as = options.as ?? defaultEnd(fault)
  const side = sideOf(fault, as)
  const expected = side === 'client' ? (fault.expectClient ?? fault.expect) : fault.expect
  const external = options.reference === 'edge-external'
  const all = await linksOf(lab, node, as)
  // The edge of a partner is at the other end of the external face; without a partner, no node of the lab is.
  const links = external ? all.filter(({ from, to }) => from.organisation !== to.organisation) : all
  const outside = external && as === 'server' && links.length === 0
  if (links.length === 0 && !outside && expected.kind !== 'stops-start') throw nobodyWouldSee(node, fault, as, external)
  const elsewhere = whyNotOnNode(node, fault, links)
  if (elsewhere !== undefined) throw elsewhere
  const { edits, links: shows } = place(lab, { node, fault, as, links, options })
  const atStart = expected.kind === 'stops-start' || seenAtStart.has(expected.verdict ?? '')
  return {
    target: node.name,
    fault: fault.slug,
    as,
    story: fault.story,
    edits,
    restarts: atStart ? [node.name] : [],
    ...(given.as === undefined && expected.kind === 'refused' && expected.verdict === 'cert.expired'
      ? { then: ownEnding(node, edits) }
      : {}),
    look: atStart
      ? lookAtRestart(lab, expected, node, shows)
      : lookAtLinks(lab, expected, {
          links: shows,
          isSecond: fault.shows === 'second-connection',
          ...(outside ? { outside: node } : {}),
          ...(expected.kind === 'accepted' && expected.verdict !== undefined ? { awaited: expected.verdict } : {}),
        }),
  }
}

function nobodyWouldSee({ name }: NodePlan, { slug }: Fault, as: Side, external: boolean): LabError {
  return new LabError(
    'not-so',
    'fault.no-link',
    `${name} has no link of the lab where it ${as === 'server' ? 'accepts' : 'dials'}` +
      `${external ? ' on its external face' : ''}, so ${slug} would have no effect; ` +
      (external ? 'siplab up federation brings a lab with a partner up' : 'siplab plan shows the links'),
  )
}

/** Why a fault cannot be put on a node: no lab shows it, or it is one of the name that is dialled. */
function whyNotOnNode(
  node: NodePlan,
  { slug, notOnNode, story }: Fault,
  links: readonly LabLink[],
): LabError | undefined {
  switch (notOnNode) {
    case 'no-lab':
      return new LabError('not-so', 'fault.not-in-a-lab', `${slug} cannot be shown here: ${notInALab}. ${story}`)
    case 'dialled-name':
      return new LabError(
        'not-so',
        'fault.dialled-name',
        `${slug} changes the dialled name: put it on a link to ${node.name}, such as ` +
          `siplab break '${nameOfLink(links, node)}' ${slug}. ${story}`,
      )
    default:
      return undefined
  }
}

/** @throws LabError `fault.role` where the fault is in a certificate that the node does not have */
function aboutReference(
  node: NodePlan,
  { slug, reference }: Fault,
  options: CertificateFaultOptions,
): CertificateFaultOptions {
  if (reference === undefined || options.reference === reference) return options
  if (options.reference !== undefined || node.role !== 'access-proxy')
    throw new LabError(
      'usage',
      'fault.role',
      `${slug} is in the certificate ${reference} of an access proxy; found ${options.reference ?? ''} of ` +
        `${node.name}, a ${node.role}`,
    )
  return { ...options, reference }
}

function defaultEnd({ sides, breaks }: Fault): Side {
  const [first = 'server'] = sides
  return breaks === 'judge' ? otherEnd(first) : first
}

/** The ends that a node with the fault may be: where the judge is broken, the ends opposite to the certificates. */
export function endsOf({ breaks, sides }: Fault): readonly Side[] {
  return breaks === 'judge' ? sides.map(otherEnd) : sides
}

/** The end whose certificate is at fault, or that a broken judge refuses. @throws LabError `fault.side` */
function sideOf(fault: Fault, as: Side): Side {
  if (endsOf(fault).includes(as)) return fault.breaks === 'judge' ? otherEnd(as) : as
  throw new LabError(
    'usage',
    'fault.side',
    `${fault.slug} does not exist where a node ${as === 'server' ? 'accepts' : 'dials'}; leave --as out, or use ` +
      `--as ${otherEnd(as)}`,
  )
}

/**
 * Works out what is to change on which node. Files come after the terms that let them go live.
 *
 * @throws LabError `fault.role`, `fault.dialled-name`, `fault.unassigned`
 */
export function place(lab: RunningLabAccess, { node, fault, as, links, options }: Placing): Placed {
  const judging = fault.breaks === 'judge'
  const far = unique(links.map(({ from, to }) => (as === 'server' ? from : to)))
  const presenter = judging ? (far[0] ?? node) : node
  const reference = options.reference ?? referenceOf(presenter, judging ? otherEnd(as) : as)
  const pki = groundOf(lab, presenter, reference)
  const variation = fault.make(pki)
  const { presenter: shown, judge } = variation
  const presents = !judging || showsOtherChain(shown, pki)
  const changesJudge = judge.crls !== undefined || judge.trust?.join('') !== pki.root.pem
  const [ownSettings, farSettings] = judging ? [judge.settings, shown.settings] : [shown.settings, judge.settings]
  // Where the fault is in the versions, both ends get theirs; else the target alone pins the version, also for a fault
  // of a single version.
  const versioned = [ownSettings, farSettings].some(
    (settings) => settings?.minVersion !== undefined || settings?.maxVersion !== undefined,
  )
  const tls =
    options.tls ??
    (versioned || fault.versions?.length === 1 ? (fault.versions?.[0] === 'TLSv1.3' ? '1.3' : '1.2') : undefined)
  const farBears = farSettings !== undefined || versioned || (judging ? presents : changesJudge)
  const bystanders = farBears ? far.slice(0, judging ? 1 : far.length) : []
  const showsNothing = fault.expect.kind === 'refused' && shown.certificate === undefined
  const own: FaultInForce = {
    ...terms(fault, ownSettings, tls),
    bystander: false,
    ...(judging
      ? {}
      : {
          reference,
          ...(showsNothing ? { showsNothing } : {}),
          ...(shown.served === undefined ? {} : { served: servedCopy(reference) }),
        }),
  }
  const passphrase = shown.passphrase === undefined ? {} : { passphrase: shown.passphrase }
  const theirs = { ...terms(fault, farSettings, versioned ? tls : undefined), bystander: true }
  const certificate = !presents
    ? []
    : shown.served === undefined
      ? certificateEdits(lab.root, presenter, reference, shown)
      : servedEdits(lab.root, presenter.name, reference, shown.served)
  const outside = reference === 'edge-external' || options.reference === 'edge-external'
  const judges = judging ? [node] : changesJudge ? far : []
  return {
    links: judging ? links.filter(({ from, to }) => from === presenter || to === presenter) : links,
    edits: [
      ...bystanders.map(({ name }) => termsEdit(lab.root, name, node.name, theirs)),
      termsEdit(lab.root, node.name, node.name, { ...own, tuning: { ...own.tuning, ...passphrase } }),
      ...(showsNothing ? [] : certificate),
      ...judges.flatMap((one) => judgeEdits(lab.root, one, judge, { broken: judging, outside })),
    ],
  }
}

/** The reference behind the links where a node accepts or dials inside. */
export function referenceOf(node: NodePlan, end: Side): CertificateReference {
  const use = referenceUses(node).find(
    ({ listensOn, dialsFrom }) => (end === 'server' ? listensOn : dialsFrom) === 'internal',
  )
  if (use === undefined)
    throw new LabError('usage', 'fault.role', `${node.name} (${node.role}) shows no certificate; wanted a SIP server`)
  return use.reference
}

export function groundOf(lab: RunningLabAccess, node: NodePlan, reference: CertificateReference): FaultPki {
  const planned = plannedFor(node, reference)
  const now = nodeWall(nodeFolder(lab.root, node.name).root)
  return labFaultPki(openAuthorities(lab.plan, join(lab.root, 'pki'), now).for(planned), planned.request, now)
}

function nameOfLink(links: readonly LabLink[], { name }: NodePlan): string {
  const [first] = links
  return first === undefined ? `NODE->${name}` : linkName(first)
}

/** A broken judge that is shown another chain, or a leaf with another name, needs a peer that shows it. */
function showsOtherChain({ certificate }: Presenter, { issuing, name }: FaultPki): boolean {
  const [leaf, ...issuers] = pemBlocks(String(certificate ?? ''))
  if (leaf !== undefined && new X509Certificate(leaf).checkHost(name) === undefined) return true
  return !(issuers.length === 1 && issuers[0]?.equals(pemBlocks(issuing.pem)[0] ?? Buffer.alloc(0)))
}

function termsEdit(labRoot: string, node: string, target: string, fault: FaultInForce): FileEdit {
  const text = `${JSON.stringify({ [target]: fault }, undefined, 2)}\n`
  return fileEdits(labRoot, node)(faultFile(nodeFolder(labRoot, node)), text, 0o600)
}

/**
 * Whatever is wrong with a certificate, it goes live: that is what a fault is for. Files that cannot be read stay
 * refused.
 */
const liveCodes: readonly VerdictCode[] = verdictCodes
  .map(({ code }) => code)
  .filter((code) => /^(cert|chain|key|crl)\.|^file\.partial$/.test(code))

/** What the start-up check of a node must let pass, and the TLS settings that the fault changes there. */
export function terms(
  { slug, expect }: Fault,
  settings: EndSettings = {},
  tls?: '1.2' | '1.3',
): Omit<FaultInForce, 'bystander'> {
  const { minVersion, maxVersion, ciphers, contextWithoutCrl: _notInALab, ...tuning } = settings
  const pinned = tls === undefined ? undefined : (`TLSv${tls}` as const)
  const min = minVersion ?? pinned
  const max = maxVersion ?? pinned
  const named = expect.verdict === undefined ? [] : [expect.verdict]
  return {
    fault: slug,
    tolerate: expect.kind === 'stops-start' ? [] : [...new Set([...liveCodes, ...named])],
    ...(min === undefined && max === undefined
      ? {}
      : { versions: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } }),
    ...(ciphers === undefined ? {} : { ciphers }),
    tuning,
  }
}

function unique(nodes: readonly NodePlan[]): readonly NodePlan[] {
  return nodes.filter((one, at) => nodes.indexOf(one) === at)
}

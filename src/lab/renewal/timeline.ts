/** When each certificate, CA and revocation list of a lab ends, and what stops with it. Pure. */
import type { LabPlan, Link, NodePlan } from '../../topology/plan-types.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

/** A certificate of the lab, held or only planned. */
export interface TimelineCertificate {
  readonly node: string
  readonly name: string
  readonly references: readonly string[]
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

/** A CA of the lab: everything below it ends with it. */
export interface TimelineCa {
  readonly kind: 'ca'
  /** e.g. `internal-issuing`. */
  readonly name: string
  readonly organisation: string
  readonly notBefore: number
  readonly notAfter: number
}

/** A revocation list as one node holds it: to be replaced before `nextUpdate`. */
export interface TimelineCrl {
  readonly kind: 'crl'
  readonly node: string
  /** Stem of its file, e.g. `internal-issuing`. */
  readonly name: string
  readonly thisUpdate: number
  readonly nextUpdate: number
}

export interface TimelineEntry {
  readonly kind: 'certificate' | 'ca' | 'crl'
  /** The node that holds it; of a CA the organisation. */
  readonly node: string
  readonly name: string
  readonly references: readonly string[]
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  readonly secondsLeft: number
  /** From when on its node warns; of a CA or a list when it should be replaced at the latest. */
  readonly warnsAt: string
  /** Listeners that show it, e.g. `tls 127.0.41.11:5061`. */
  readonly listeners: readonly string[]
  /** Links that fail with it, e.g. `edge->director`. */
  readonly links: readonly string[]
  /** What ends with it, one sentence each. */
  readonly stops: readonly string[]
  /** Of a certificate: when it would end, had it been issued for so many days. */
  readonly lifetimes: readonly {
    readonly days: number
    readonly notAfter: string
    readonly warnsAt: string
    readonly renewalsPerYear: number
  }[]
}

/** Lifetimes of CA/B Forum: 398 days until ballot SC-081, whose steps are March 2026, March 2027 and March 2029. */
export const announcedLifetimes: readonly number[] = [398, 200, 100, 47]

const dayMs = 86_400_000
/** Of the lifetime left: when a CA or a revocation list is due. */
const dueFraction = 1 / 3

/** Soonest end first. */
export function timeline(
  plan: LabPlan,
  parts: readonly (TimelineCertificate | TimelineCa | TimelineCrl)[],
  now: number,
  lifetimes: readonly number[] = announcedLifetimes,
): readonly TimelineEntry[] {
  return parts
    .map((part) =>
      'kind' in part
        ? part.kind === 'ca'
          ? caEntry(plan, part, now)
          : crlEntry(plan, part, now)
        : certificateEntry(plan, part, now, lifetimes),
    )
    .toSorted(
      (a, b) => a.notAfter.localeCompare(b.notAfter) || a.node.localeCompare(b.node) || a.name.localeCompare(b.name),
    )
}

function certificateEntry(
  plan: LabPlan,
  { node, name, references, notBefore, notAfter }: TimelineCertificate,
  now: number,
  lifetimes: readonly number[],
): TimelineEntry {
  const owner = plan.nodes.find((each) => each.name === node)
  const uses = owner === undefined ? noUse : usesOf(plan, owner, references)
  const fraction = plan.profile.warnAtFraction
  return {
    kind: 'certificate',
    node,
    name,
    references,
    ...span(notBefore, notAfter, now, fraction),
    listeners: uses.listeners,
    links: [...uses.shown, ...uses.dialled].map(({ from, to }) => `${from.name}->${to.name}`),
    stops: owner === undefined ? [] : sentences(owner, references, uses),
    lifetimes: lifetimes.map((days) => ({
      days,
      notAfter: iso(notBefore + days * dayMs),
      warnsAt: iso(notBefore + days * dayMs * (1 - fraction)),
      renewalsPerYear: Math.ceil(365 / days),
    })),
  }
}

function caEntry(plan: LabPlan, { name, organisation, notBefore, notAfter }: TimelineCa, now: number): TimelineEntry {
  const authority = name.startsWith('public') ? 'public' : 'internal'
  const [first] = plan.organisations
  const below = plan.certificates.filter(
    (planned) =>
      planned.request.authority === authority &&
      (authority === 'public' ? organisation === first?.domain : planned.organisation === organisation),
  )
  return {
    kind: 'ca',
    node: organisation,
    name,
    references: [],
    listeners: [],
    links: [],
    lifetimes: [],
    ...span(notBefore, notAfter, now, dueFraction),
    stops:
      below.length === 0
        ? ['nothing: no node has a certificate of this CA']
        : [
            `no peer accepts the certificates of ${names(below.map(({ node }) => node))} any more`,
            'each of these nodes then acts as if its own certificate had expired',
          ],
  }
}

function crlEntry(plan: LabPlan, { node, name, thisUpdate, nextUpdate }: TimelineCrl, now: number): TimelineEntry {
  const stop = plan.profile.crl.unreachable === 'stop' ? [`${node} does not start without a valid list`] : []
  return {
    kind: 'crl',
    node,
    name,
    references: [],
    listeners: [],
    links: [],
    lifetimes: [],
    ...span(thisUpdate, nextUpdate, now, dueFraction),
    stops: [`${node} refuses every peer whose chain leads through ${name}`, ...stop],
  }
}

function span(
  notBefore: number,
  notAfter: number,
  now: number,
  fraction: number,
): Pick<TimelineEntry, 'notBefore' | 'notAfter' | 'secondsLeft' | 'warnsAt'> {
  return {
    notBefore: iso(notBefore),
    notAfter: iso(notAfter),
    secondsLeft: Math.round((notAfter - now) / 1000),
    warnsAt: iso(notAfter - (notAfter - notBefore) * fraction),
  }
}

interface Uses {
  readonly listeners: readonly string[]
  /** Links where the node shows it to who dials. */
  readonly shown: readonly Link[]
  /** Links where it shows it when it dials. */
  readonly dialled: readonly Link[]
}

const noUse: Uses = { listeners: [], shown: [], dialled: [] }

function usesOf({ links }: LabPlan, { name, listeners }: NodePlan, references: readonly string[]): Uses {
  const allowed = links.filter((link) => link.allowed && link.verification !== undefined)
  return {
    listeners: listeners
      .filter(({ mutual, face }) => mutual !== undefined && references.some((reference) => accepts(reference, face)))
      .map(({ transport, address, port }) => `${transport} ${endpointText(address, port)}`),
    shown: allowed.filter(({ to }) => to.name === name && references.some((reference) => accepts(reference, to.face))),
    dialled: allowed.filter(
      ({ from, verification }) =>
        verification?.acceptor !== undefined &&
        from.name === name &&
        references.some((reference) => dials(reference, from.face)),
    ),
  }
}

function sentences(node: NodePlan, references: readonly string[], { shown, dialled }: Uses): readonly string[] {
  if (references.length === 0) return ['nothing: the certificate is not assigned']
  return [
    ...(shown.length === 0
      ? []
      : [`${names(shown.map(({ from }) => from.name))} can no longer reach ${node.name} over TLS`]),
    ...(dialled.length === 0 ? [] : [`${node.name} can no longer reach ${names(dialled.map(({ to }) => to.name))}`]),
    endings[node.whenOwnCertificateEnds](node.name),
  ]
}

const endings: Readonly<Record<NodePlan['whenOwnCertificateEnds'], (node: string) => string>> = {
  die: (node) => `the service on ${node} shuts down, and again at every later start`,
  'die-at-start': (node) => `open connections of ${node} stay, but its next start fails`,
  drain: (node) => `${node} closes its links`,
  warn: (node) => `${node} keeps running; it warns when one third of the lifetime is left`,
}

function accepts(reference: string, face: string | undefined): boolean {
  if (reference === 'listener') return true
  return reference === `edge-${face ?? 'internal'}`
}

function dials(reference: string, face: string | undefined): boolean {
  if (reference === 'default-outgoing') return true
  return reference === `edge-${face ?? 'internal'}`
}

const people: Readonly<Record<string, string>> = { 'inside-user': 'users inside', 'remote-user': 'users outside' }

function names(all: readonly string[]): string {
  return [...new Set(all.map((name) => people[name] ?? name))].join(', ')
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

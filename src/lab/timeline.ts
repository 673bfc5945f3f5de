/** When each certificate of a lab ends, and what stops with it. Pure. */
import type { LabPlan, Link, NodePlan } from '../topology/plan-types.ts'

/** A certificate of the lab, held or only planned. */
export interface TimelineCertificate {
  readonly node: string
  readonly name: string
  readonly references: readonly string[]
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
}

export interface TimelineEntry {
  readonly node: string
  readonly name: string
  readonly references: readonly string[]
  /** ISO 8601. */
  readonly notAfter: string
  readonly secondsLeft: number
  /** What ends with it, one sentence each. */
  readonly stops: readonly string[]
  /** When it would end, had it been issued for so many days. */
  readonly lifetimes: readonly { readonly days: number; readonly notAfter: string; readonly renewalsPerYear: number }[]
}

/** Lifetimes of CA/B Forum ballot SC-081: from March 2026, March 2027 and March 2029. */
export const announcedLifetimes: readonly number[] = [200, 100, 47]

const dayMs = 86_400_000

/** Soonest end first. */
export function timeline(plan: LabPlan, certificates: readonly TimelineCertificate[], now: number, lifetimes: readonly number[] = announcedLifetimes): readonly TimelineEntry[] {
  return certificates
    .map((certificate): TimelineEntry => {
      const { node, name, references, notBefore, notAfter } = certificate
      const owner = plan.nodes.find((each) => each.name === node)
      return {
        node,
        name,
        references,
        notAfter: new Date(notAfter).toISOString(),
        secondsLeft: Math.round((notAfter - now) / 1000),
        stops: owner === undefined ? [] : whatStops(plan, owner, references),
        lifetimes: lifetimes.map((days) => ({ days, notAfter: new Date(notBefore + days * dayMs).toISOString(), renewalsPerYear: Math.ceil(365 / days) })),
      }
    })
    .toSorted((a, b) => a.notAfter.localeCompare(b.notAfter) || a.node.localeCompare(b.node))
}

function whatStops(plan: LabPlan, node: NodePlan, references: readonly string[]): readonly string[] {
  if (references.length === 0) return ['nothing: it is assigned to no reference']
  const shown = plan.links.filter((link) => link.allowed && link.verification !== undefined && link.to.name === node.name && references.some((reference) => accepts(reference, link)))
  const dialled = plan.links.filter((link) => link.allowed && link.verification?.acceptor !== undefined && link.from.name === node.name && references.some((reference) => dials(reference, link)))
  return [
    ...(shown.length === 0 ? [] : [`${names(shown.map(({ from }) => from.name))} can no longer reach ${node.name} over TLS`]),
    ...(dialled.length === 0 ? [] : [`${node.name} can no longer reach ${names(dialled.map(({ to }) => to.name))}`]),
    endings[node.whenOwnCertificateEnds](node.name),
  ]
}

const endings: Readonly<Record<NodePlan['whenOwnCertificateEnds'], (node: string) => string>> = {
  die: (node) => `the service on ${node} shuts down, and at every later start`,
  'die-at-start': (node) => `live links of ${node} stay, and its next start fails`,
  drain: (node) => `${node} closes its links`,
  warn: (node) => `${node} goes on and warns from one third of the lifetime on`,
}

function accepts(reference: string, { to }: Link): boolean {
  if (reference === 'listener') return true
  return reference === `edge-${to.face ?? 'internal'}`
}

function dials(reference: string, { from }: Link): boolean {
  if (reference === 'default-outgoing') return true
  return reference === `edge-${from.face ?? 'internal'}`
}

function names(all: readonly string[]): string {
  return [...new Set(all)].join(', ')
}

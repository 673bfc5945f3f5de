/**
 * The faults `siplab break TARGET FAULT` knows beside those of certificates. Each is one entry: what it does, on what kind of
 * target, and how it is put on and taken off. A link fault acts in the transport of the node that dials.
 */
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { ControlClient } from './control-client.ts'
import type { DnsFault } from './dns/faults.ts'
import { LabError } from './lab-error.ts'

export type TargetKind = 'link' | 'dns'

export type FaultTarget =
  /** `director->fe1`: from is the node that dials. */
  | { readonly kind: 'link'; readonly from: NodePlan; readonly to: NodePlan }
  | { readonly kind: 'dns'; readonly node: NodePlan }

export interface FaultOptions {
  /** delay: milliseconds for each message; slow: octets a second; reset: after so many octets. */
  readonly amount?: number
  /** DNS: only this name. */
  readonly name?: string
  /** DNS wrong-target: where SRV records lead instead. */
  readonly target?: string
}

export interface LabFault {
  readonly name: string
  readonly target: TargetKind
  readonly story: string
  /** Absent: the fault has no amount. */
  readonly amount?: { readonly unit: string; readonly usual: number }
}

export const labFaults: readonly LabFault[] = [
  { name: 'cut', target: 'link', story: 'Nothing passes any more, and nobody says so: connections hang until they time out.' },
  { name: 'delay', target: 'link', story: 'Every message comes late.', amount: { unit: 'ms', usual: 500 } },
  { name: 'slow', target: 'link', story: 'Octets trickle.', amount: { unit: 'octets/s', usual: 1000 } },
  { name: 'reset', target: 'link', story: 'The connection is reset after some octets.', amount: { unit: 'octets', usual: 0 } },
  { name: 'wrong-target', target: 'dns', story: 'SRV records lead to a host outside the domain.' },
  { name: 'nxdomain', target: 'dns', story: 'Names do not exist.' },
  { name: 'silent', target: 'dns', story: 'The DNS server does not answer.' },
]

const elsewhere = 'sip.elsewhere.test'

/**
 * Reads a target as a person types it: `director->fe1`, `dns`.
 *
 * @throws LabError `usage` with what there is
 */
export function readTarget(plan: LabPlan, text: string): FaultTarget {
  const [, from, to] = /^([a-z0-9-]+)\s*->\s*([a-z0-9-]+)$/.exec(text) ?? []
  if (from !== undefined && to !== undefined) return { kind: 'link', from: nodeNamed(plan, from), to: nodeNamed(plan, to) }
  const node = plan.nodes.find(({ name }) => name === text)
  if (node?.role === 'dns') return { kind: 'dns', node }
  throw new LabError('usage', 'fault.target', `wanted a link such as director->fe1, or dns, found ${JSON.stringify(text)}; nodes: ${plan.nodes.map(({ name }) => name).join(', ')}`)
}

/** @param clientOf speaks to the control socket of a node */
export async function breakTarget(target: FaultTarget, faultName: string, options: FaultOptions, clientOf: (node: string) => ControlClient): Promise<LabFault> {
  const fault = labFaults.find(({ name, target: kind }) => name === faultName && kind === target.kind)
  if (fault === undefined) {
    const known = labFaults.filter(({ target: kind }) => kind === target.kind).map(({ name }) => name)
    throw new LabError('usage', 'fault.unknown', `there is no fault ${JSON.stringify(faultName)} for a ${target.kind}; there are ${known.join(', ')}`)
  }
  if (target.kind === 'dns') {
    await clientOf(target.node.name).post('/dns-faults', [dnsFault(faultName, options)])
    return fault
  }
  const amount = options.amount ?? fault.amount?.usual ?? 0
  for (const peer of dialledNames(target.to)) await clientOf(target.from.name).post('/link-fault', { peer, fault: { kind: faultName, amount } })
  return fault
}

export async function healTarget(target: FaultTarget, clientOf: (node: string) => ControlClient): Promise<void> {
  if (target.kind === 'dns') return void (await clientOf(target.node.name).post('/dns-faults', []))
  for (const peer of dialledNames(target.to)) await clientOf(target.from.name).post('/link-fault', { peer })
}

/** The names others dial a node by: each face, and its pool. */
function dialledNames({ fqdn, faces, settings }: NodePlan): readonly string[] {
  const home = 'home' in settings ? [settings.home] : []
  return [...new Set([fqdn, ...faces.map((face) => face.fqdn), ...home])]
}

function dnsFault(name: string, options: FaultOptions): DnsFault {
  const only = options.name === undefined ? {} : { name: options.name }
  switch (name) {
    case 'wrong-target':
      return { kind: 'wrong-target', ...only, target: options.target ?? elsewhere }
    case 'nxdomain':
      return { kind: 'nxdomain', ...only }
    default:
      return { kind: 'silent', ...only }
  }
}

function nodeNamed(plan: LabPlan, name: string): NodePlan {
  const found = plan.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  throw new LabError('usage', 'fault.target', `no node ${JSON.stringify(name)} here; nodes: ${plan.nodes.map((node) => node.name).join(', ')}`)
}

/** What `siplab break TARGET FAULT` can be told: the targets of a lab, and every fault in one list. */
import { LabError } from '../lab/lab-error.ts'
import { didYouMean } from '../topology/nearest-name.ts'
import type { ForeignPlan, LabPlan, NodePlan } from '../topology/plan-types.ts'
import { faults as certificateFaults } from './catalogue/index.ts'
import { dnsFaults } from './dns.ts'
import { linkFaults } from './link.ts'
import { machineStoreFault } from './machine-store.ts'
import { notInALab } from './place.ts'
import { configurationFaults } from './start.ts'
import { sqlFaultsOf } from './store.ts'
import { surroundingFaults } from './surroundings.ts'

export type FaultTarget =
  /** `director->fe1`: from is the node that dials. */
  | { readonly kind: 'link'; readonly name: string; readonly from: NodePlan; readonly to: NodePlan }
  | { readonly kind: 'dns'; readonly name: string; readonly node: NodePlan }
  | { readonly kind: 'node'; readonly name: string; readonly node: NodePlan }
  | { readonly kind: 'store' | 'directory'; readonly name: 'store' | 'directory' }

/** One line of `siplab faults list`. */
export interface ListedFault {
  readonly name: string
  readonly target: FaultTarget['kind']
  readonly family: string
  readonly story: string
  /** The code its verdict names; absent: nobody minds, or it shows in time only. */
  readonly verdict?: string
  /** Where the node may stand. */
  readonly sides?: readonly ('server' | 'client')[]
  readonly amount?: { readonly unit: string; readonly usual: number }
  /** Why no lab can show it. Absent: break puts it on. */
  readonly notInALab?: string
}

export const faultList: readonly ListedFault[] = [
  ...certificateFaults.map(
    ({ slug, family, story, expect, sides, lies }): ListedFault => ({
      name: slug,
      target: lies === 'dialled-name' ? 'link' : 'node',
      family,
      story,
      sides,
      ...(lies === 'no-lab' ? { notInALab } : {}),
      ...(expect.verdict === undefined ? {} : { verdict: expect.verdict }),
    }),
  ),
  ...linkFaults.map((fault): ListedFault => ({ ...fault, target: 'link', family: 'link' })),
  ...(['store', 'directory'] as const).flatMap((target) =>
    sqlFaultsOf(target).map(
      ({ name, story, trouble, amount }): ListedFault => ({
        name,
        target,
        family: target,
        story,
        verdict: `${target}.${trouble}`,
        ...(amount === undefined ? {} : { amount }),
      }),
    ),
  ),
  ...configurationFaults.map(
    ({ name, story, verdict }): ListedFault => ({ name, story, verdict, target: 'node', family: 'configuration' }),
  ),
  ...surroundingFaults.map((fault): ListedFault => ({ ...fault, target: 'node' })),
  { ...machineStoreFault, target: 'node', family: 'trust' },
  ...dnsFaults.map((fault): ListedFault => ({ ...fault, target: 'dns', family: 'dns' })),
]

/**
 * Reads a target as a person types it: `director`, `director->fe1`, `dns`.
 *
 * @throws LabError `usage` with what there is
 */
export function readTarget(plan: LabPlan, text: string): FaultTarget {
  if (text === 'store' || text === 'directory') return { kind: text, name: text }
  const [, from, to] = /^([a-z0-9-]+)\s*->\s*([a-z0-9-]+)$/.exec(text) ?? []
  if (from !== undefined && to !== undefined)
    return { kind: 'link', name: `${from}->${to}`, from: nodeNamed(plan, from), to: nodeNamed(plan, to) }
  const node = nodeNamed(plan, text)
  return node.role === 'dns' ? { kind: 'dns', name: node.name, node } : { kind: 'node', name: node.name, node }
}

export function unknownFault(target: FaultTarget, name: string): LabError {
  const known = faultList.filter(({ target: kind }) => kind === target.kind).map((fault) => fault.name)
  const elsewhere = faultList.find((fault) => fault.name === name)
  const hint = elsewhere === undefined ? '' : `; ${name} is a fault of a ${elsewhere.target}`
  const meant = elsewhere === undefined ? didYouMean(name, known) : ''
  return new LabError(
    'usage',
    'fault.unknown',
    `there is no fault ${JSON.stringify(name)} for a ${target.kind}${hint}${meant}; there are ${known.join(', ')}`,
  )
}

function nodeNamed(plan: LabPlan, name: string): NodePlan {
  const found = plan.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  const foreign = plan.foreign.find((server) => server.name === name)
  if (foreign !== undefined) throw notOurs(plan, foreign)
  throw new LabError(
    'usage',
    'fault.target',
    `wanted a node, a link such as director->fe1, store, directory or dns, found ${JSON.stringify(name)}` +
      `${didYouMean(name, [...plan.nodes.map((node) => node.name), 'store', 'directory'])}; nodes: ` +
      `${plan.nodes.map((node) => node.name).join(', ')}`,
  )
}

/** What can be broken is our end of its links. */
function notOurs(plan: LabPlan, { name, fqdn, address, port }: ForeignPlan): LabError {
  const ends = plan.links.flatMap(({ from, to, allowed }) =>
    !allowed ? [] : from.name === name ? [to.name] : to.name === name ? [from.name] : [],
  )
  const ours = [...new Set(ends)]
  return new LabError(
    'usage',
    'fault.foreign',
    `${name} (${fqdn}, ${address}:${port}) is a server of somebody else: siplab does not run it and puts no fault on ` +
      `it. wanted a node at our end of its links: ${ours.join(', ') || 'none of our nodes has a link with it'}` +
      `${ours[0] === undefined ? '' : `, for example siplab break ${ours[0]} expired`}`,
  )
}

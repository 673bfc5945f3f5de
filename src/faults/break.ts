/** `siplab break TARGET FAULT` and `siplab heal TARGET`: reads the target; its kind decides what is placed where. */
import { asReference } from '../certificates/node-certificates.ts'
import { labFolder } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import { linksOf, redial, type SeenLink } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { findFault } from './catalogue/index.ts'
import { dnsFault, dnsFaults, redialAll } from './dns.ts'
import { linkFault, linkFaults, linksOfTarget } from './link.ts'
import { unknownFault } from './list.ts'
import { machineStore, machineStoreFault } from './machine-store.ts'
import { dialledNameFault } from './dialled-name.ts'
import { certificateFault } from './place.ts'
import type { Outcome, Placement } from './placement.ts'
import { put, takeOff } from './put.ts'
import { type FaultRecord, faultOn, faultsOfLab, forgetFault, refuseSecond } from './record.ts'
import { configurationFault, configurationFaults, filesFault } from './start.ts'
import { awaitDatabase, sqlFault, sqlFaultsOf, sqlNode } from './store.ts'
import { surroundingFault, surroundingFaults } from './surroundings.ts'
import { endpointText } from '../sip/message/endpoint.ts'
import { insteadOf } from '../topology/nearest-name.ts'
import type { ForeignPlan, LabPlan, NodePlan } from '../topology/plan-types.ts'

export type FaultTarget =
  /** `director->fe1`: from is the node that dials. */
  | { readonly kind: 'link'; readonly name: string; readonly from: NodePlan; readonly to: NodePlan }
  | { readonly kind: 'dns'; readonly name: string; readonly node: NodePlan }
  | { readonly kind: 'node'; readonly name: string; readonly node: NodePlan }
  | { readonly kind: 'store' | 'directory'; readonly name: 'store' | 'directory' }

export interface FaultOptions {
  readonly as?: 'server' | 'client'
  readonly tls?: '1.2' | '1.3'
  readonly reference?: string
  /** delay: milliseconds for each message; slow: octets a second; reset: after so many octets. */
  readonly amount?: number
  /** DNS: only this name. */
  readonly name?: string
  /** DNS wrong-target: where SRV records lead instead. */
  readonly target?: string
}

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

/**
 * @throws LabError `fault.on` when the target has a fault, `fault.unknown` when it cannot have this one; nothing is
 *   changed or written down then
 */
export async function breakTarget(
  lab: RunningLabAccess,
  target: FaultTarget,
  faultName: string,
  options: FaultOptions,
): Promise<Outcome> {
  const place = placing(lab, target, faultName, options)
  if (place === undefined) throw unknownFault(target.kind, faultName)
  refuseSecond(labFolder(lab.root), target.name)
  return put(lab, await place())
}

/** What `breakTarget` would do. @throws LabError as `breakTarget` */
export async function placementOf(
  lab: RunningLabAccess,
  target: FaultTarget,
  faultName: string,
  options: FaultOptions,
): Promise<Placement> {
  const place = placing(lab, target, faultName, options)
  if (place === undefined) throw unknownFault(target.kind, faultName)
  return place()
}

type Place = () => Placement | Promise<Placement>

/** Absent: a target of this kind cannot have the fault. */
function placing(
  lab: RunningLabAccess,
  target: FaultTarget,
  faultName: string,
  options: FaultOptions,
): Place | undefined {
  switch (target.kind) {
    case 'node':
      return onNode(lab, target.node, faultName, options)
    case 'link': {
      const fault = named(linkFaults, faultName)
      if (fault !== undefined) return () => linkFault(lab, target, fault, options.amount)
      const other = findFault(faultName)
      return other?.notOnNode === 'dialled-name' ? () => dialledNameFault(lab, target, other, options) : undefined
    }
    case 'dns': {
      const fault = named(dnsFaults, faultName)
      return fault && (() => dnsFault(lab, target.node, fault, options))
    }
    case 'store':
    case 'directory': {
      const fault = named(sqlFaultsOf(target.kind), faultName)
      const server = sqlNode(lab)
      if (fault === undefined) return undefined
      return () =>
        server === undefined
          ? filesFault(lab, target.kind, faultName)
          : sqlFault(lab, server, target.kind, fault, options.amount)
    }
    default:
      return target satisfies never
  }
}

function onNode(
  lab: RunningLabAccess,
  node: NodePlan,
  faultName: string,
  { reference, ...rest }: FaultOptions,
): Place | undefined {
  const configuration = named(configurationFaults, faultName)
  if (configuration !== undefined) return () => configurationFault(lab, node, configuration)
  if (faultName === machineStoreFault.name) return () => machineStore(lab, node)
  const surrounding = named(surroundingFaults, faultName)
  if (surrounding !== undefined) return () => surroundingFault(lab, node, surrounding)
  const fault = findFault(faultName)
  if (fault === undefined) return undefined
  return () =>
    certificateFault(lab, node, fault, {
      ...rest,
      ...(reference === undefined ? {} : { reference: asReference(reference) }),
    })
}

function named<T extends { readonly name: string }>(faults: readonly T[], faultName: string): T | undefined {
  return faults.find(({ name }) => name === faultName)
}

/** What `healNamed` did. */
export interface Healed {
  /** Every target that a fault was removed from. */
  readonly targets: readonly string[]
  /** The links that the faults may have broken, dialled again. */
  readonly links: readonly SeenLink[]
}

/**
 * `healNamed(lab, 'director->fe1')`; `all`: every fault that is on.
 *
 * @throws LabError `fault.none` when no fault is on the target, `fault.target` when there is no such target
 */
export async function healNamed(lab: RunningLabAccess, name: string): Promise<Healed> {
  const targets = name === 'all' ? faultsOfLab(labFolder(lab.root)).map(({ target }) => target) : [name]
  // A link that the next fault still held down is seen again once that is off: the last look counts.
  const links = new Map<string, SeenLink>()
  for (const target of targets)
    for (const link of await healTarget(lab, readTarget(lab.plan, target))) links.set(`${link.from} ${link.peer}`, link)
  return { targets, links: [...links.values()] }
}

/** @throws LabError `fault.none` when no fault is on the target */
export async function healTarget(lab: RunningLabAccess, target: FaultTarget): Promise<readonly SeenLink[]> {
  const folder = labFolder(lab.root)
  const record = faultOn(folder, target.name)
  if (record === undefined)
    throw new LabError(
      'not-so',
      'fault.none',
      `no fault is on ${target.name}; siplab faults list --on shows where one is`,
    )
  await takeOff(lab, record)
  const links = await healed(lab, target, record)
  forgetFault(folder, target.name)
  return links
}

/** The links that the fault may have broken, dialled again. */
async function healed(
  lab: RunningLabAccess,
  target: FaultTarget,
  { fault, restarts }: FaultRecord,
): Promise<readonly SeenLink[]> {
  switch (target.kind) {
    case 'link':
      return redial(lab, await linksOfTarget(lab, target))
    case 'dns':
      return redialAll(lab)
    case 'node':
      return redialAround(lab, [target.name])
    case 'store':
    case 'directory':
      if (sqlNode(lab) === undefined) return redialAround(lab, restarts)
      await awaitDatabase(lab, target.kind, fault)
      return []
    default:
      return target satisfies never
  }
}

async function redialAround(lab: RunningLabAccess, names: readonly string[]): Promise<readonly SeenLink[]> {
  const nodes = lab.plan.nodes.filter(({ name }) => names.includes(name))
  const links = nodes.flatMap((node) => [linksOf(lab, node, 'server'), linksOf(lab, node, 'client')])
  return redial(lab, (await Promise.all(links)).flat())
}

function nodeNamed(plan: LabPlan, name: string): NodePlan {
  const found = plan.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  const foreign = plan.foreign.find((server) => server.name === name)
  if (foreign !== undefined) throw notOurs(plan, foreign)
  const known = [...plan.nodes.map((node) => node.name), 'store', 'directory']
  throw new LabError(
    'usage',
    'fault.target',
    `wanted a node, a link such as director->fe1, store, directory or dns, found ${JSON.stringify(name)}` +
      insteadOf(name, known),
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
    `${name} (${fqdn}, ${endpointText(address, port)}) is a foreign server, which siplab does not run and does ` +
      'not break. Choose a node at our end of its links: ' +
      `${ours.join(', ') || 'none of our nodes has a link with it'}` +
      `${ours[0] === undefined ? '' : `, for example siplab break ${ours[0]} expired`}`,
  )
}

/**
 * The faults `siplab break TARGET FAULT` knows, in one list: certificate faults on nodes, and those of links, the DNS,
 * the store, the directory and the configuration. What kind of target was named decides who puts it on and takes it
 * off.
 */
import { faults as certificateFaults, findFault } from '../certificates/faults/index.ts'
import { asReference } from '../certificates/node-certificates.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Outcome } from './fault-outcome.ts'
import { breakCertificate, healCertificate } from './fault-certificate.ts'
import { breakDns, dnsFaults, healDns } from './fault-dns.ts'
import { breakConfiguration, breakFiles, configurationFaults, healStart, isConfigurationFault } from './fault-start.ts'
import { breakLink, healLink, linkFaults } from './fault-link.ts'
import type { SeenLink } from './fault-links.ts'
import { type FaultRecord, faultOn, forgetFault, noteFault, refuseSecond } from './fault-record.ts'
import { LabError } from './lab-error.ts'
import { labFolder } from './lab-folder.ts'
import type { RunningLabAccess } from './running-lab.ts'
import type { SqlFaultName } from './sql/faults.ts'
import { breakSql, healSql, sqlFaultList, sqlNode } from './store-faults.ts'

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
}

export const faultList: readonly ListedFault[] = [
  ...certificateFaults.map(
    ({ slug, family, story, expect, sides }): ListedFault => ({
      name: slug,
      target: 'node',
      family,
      story,
      sides,
      ...(expect.verdict === undefined ? {} : { verdict: expect.verdict }),
    }),
  ),
  ...linkFaults.map((fault): ListedFault => ({ ...fault, target: 'link', family: 'link' })),
  ...(['store', 'directory'] as const).flatMap((target) =>
    sqlFaultList.map(
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

/** @throws LabError `fault.on` when the target has a fault, `fault.unknown` when it cannot have this one */
export async function breakTarget(
  lab: RunningLabAccess,
  target: FaultTarget,
  faultName: string,
  options: FaultOptions,
): Promise<Outcome> {
  if (!faultList.some(({ name, target: kind }) => name === faultName && kind === target.kind))
    throw unknownFault(target, faultName)
  const folder = labFolder(lab.root)
  refuseSecond(folder, target.name)
  const note = (): void => noteFault(folder, { target: target.name, fault: faultName, since: new Date().toISOString() })
  switch (target.kind) {
    case 'node': {
      if (isConfigurationFault(faultName)) {
        note()
        return undoUnless(breakConfiguration(lab, target.node, faultName), () => forgetFault(folder, target.name))
      }
      const { reference, ...rest } = options
      const fault = findFault(faultName)
      if (fault === undefined) throw unknownFault(target, faultName)
      const outcome = await breakCertificate(lab, target.node, fault, {
        ...rest,
        ...(reference === undefined ? {} : { reference: asReference(reference) }),
      })
      return {
        ...outcome,
        notes: outcome.restarted
          ? []
          : ['links were dialled again; a live link would have kept the certificate it was opened with'],
      }
    }
    case 'link':
      note()
      return breakLink(lab, target, faultName, options)
    case 'dns':
      note()
      return breakDns(lab, target.node, faultName, options)
    case 'store':
    case 'directory':
      note()
      return undoUnless(
        sqlNode(lab) === undefined
          ? breakFiles(lab, target.kind, faultName)
          : breakSql(lab, target.kind, faultName, options.amount),
        () => forgetFault(folder, target.name),
      )
    default:
      return target satisfies never
  }
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
  const links = await takeOff(lab, target, record)
  forgetFault(folder, target.name)
  return links
}

function takeOff(lab: RunningLabAccess, target: FaultTarget, record: FaultRecord): Promise<readonly SeenLink[]> {
  switch (target.kind) {
    case 'node':
      return isConfigurationFault(record.fault) ? healStart(lab, record) : healCertificate(lab, record)
    case 'link':
      return healLink(lab, target)
    case 'dns':
      return healDns(lab, target.node)
    case 'store':
    case 'directory':
      return sqlNode(lab) === undefined
        ? healStart(lab, record)
        : healSql(lab, target.kind, record.fault as SqlFaultName).then(() => [])
    default:
      return target satisfies never
  }
}

/** A fault that this lab cannot have leaves no note. */
async function undoUnless(outcome: Promise<Outcome>, undo: () => void): Promise<Outcome> {
  try {
    return await outcome
  } catch (error) {
    if (error instanceof LabError && error.code.startsWith('fault.')) undo()
    throw error
  }
}

function unknownFault(target: FaultTarget, name: string): LabError {
  const known = faultList.filter(({ target: kind }) => kind === target.kind).map((fault) => fault.name)
  const elsewhere = faultList.find((fault) => fault.name === name)
  const hint = elsewhere === undefined ? '' : `; ${name} is a fault of a ${elsewhere.target}`
  return new LabError(
    'usage',
    'fault.unknown',
    `there is no fault ${JSON.stringify(name)} for a ${target.kind}${hint}; there are ${known.join(', ')}`,
  )
}

function nodeNamed(plan: LabPlan, name: string): NodePlan {
  const found = plan.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  throw new LabError(
    'usage',
    'fault.target',
    `wanted a node, a link such as director->fe1, store, directory or dns, found ${JSON.stringify(name)}; nodes: ` +
      `${plan.nodes.map((node) => node.name).join(', ')}`,
  )
}

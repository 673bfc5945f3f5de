/** Which lab a command is for: the one `--data` names, or the only one below `.siplab`. */
import { relative, resolve } from 'node:path'
import { controlClient } from '../lab/control-client.ts'
import type { ControlClient } from '../lab/control-client.ts'
import { findLabs, labFolder, readRecord, supervisorOf } from '../lab/lab-folder.ts'
import type { LabFolder, LabRecord } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { configFolder, loadTopology } from '../topology/load.ts'
import { insteadOf } from '../topology/nearest-name.ts'
import { planLab } from '../topology/plan.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Placement } from './topology-options.ts'
import { isSip } from './trace/parties.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'

export interface ChosenLab {
  readonly folder: LabFolder
  readonly record: LabRecord
  /** The supervisor; undefined when the lab is down. */
  readonly pid: number | undefined
}

/**
 * The lab in `--data`; else the only running one below `.siplab`, else the only one there.
 *
 * @param name what `siplab up` took, `edge` or `my/lab.yaml`: labs of another name are left out
 * @throws LabError `lab.none` when there is none; UsageError when several would fit
 */
export function chooseLab(io: Io, options: { readonly data?: string }, name?: string): ChosenLab {
  if (options.data !== undefined) {
    const chosen = open(labFolder(resolve(io.workingFolder, options.data)))
    if (chosen === undefined)
      throw new LabError(
        'not-so',
        'lab.none',
        `no lab is in ${options.data}: none was brought up there, or its folder was removed (a lab that ran there ` +
          `ends by itself); to bring one up: siplab up --data ${options.data}`,
      )
    if (name === undefined || isNamed(io, chosen, name)) return chosen
    throw new UsageError(`the lab in ${options.data} is ${chosen.record.name}, not ${JSON.stringify(name)}`)
  }
  const here = findLabs(io.workingFolder).flatMap((folder) => open(folder) ?? [])
  const all = name === undefined ? here : labsNamed(io, here, name)
  const running = all.filter(({ pid }) => pid !== undefined)
  const candidates = running.length > 0 ? running : all
  const [only] = candidates
  if (only === undefined)
    throw new LabError(
      'not-so',
      'lab.none',
      'no lab was brought up below .siplab; bring one up with siplab up, or name another folder with --data',
    )
  if (candidates.length === 1) return only
  const folders = candidates.map(({ folder }) => relative(io.workingFolder, folder.root)).join(', ')
  throw new UsageError(`there are several labs (${folders}); choose one with --data DIR`)
}

/** @throws LabError `lab.none` with the labs there are */
function labsNamed(io: Io, here: readonly ChosenLab[], name: string): readonly ChosenLab[] {
  const named = here.filter((lab) => isNamed(io, lab, name))
  if (named.length > 0 || here.length === 0) return named
  const names = [...new Set(here.map(({ record }) => record.name))]
  throw new LabError(
    'not-so',
    'lab.none',
    `no lab ${JSON.stringify(name)} was brought up below .siplab${insteadOf(name, names)}; --data names another folder`,
  )
}

function isNamed(io: Io, { record, folder }: ChosenLab, name: string): boolean {
  return [record.name, record.topology, folder.root].some(
    (known) => known === name || known === resolve(io.workingFolder, name),
  )
}

/** The records of every lab below `.siplab` that runs. */
export function runningLabs(io: Io): readonly LabRecord[] {
  return findLabs(io.workingFolder).flatMap((folder) => {
    const lab = supervisorOf(folder) === undefined ? undefined : open(folder)
    return lab === undefined ? [] : [lab.record]
  })
}

/** As chooseLab, and the lab must run. */
export function chooseRunningLab(io: Io, options: { readonly data?: string }): ChosenLab & { readonly pid: number } {
  const { pid, ...chosen } = chooseLab(io, options)
  if (pid !== undefined) return { ...chosen, pid }
  throw new LabError(
    'not-so',
    'lab.down',
    `the lab ${chosen.record.name} in ${chosen.folder.root} is down; siplab up ${chosen.record.name} brings it up`,
  )
}

/** The plan the lab runs by: the same file, network and ports as `up` took. */
export function planOf({ record }: Pick<ChosenLab, 'record'>): LabPlan {
  return planLab(loadTopology(record.topology, configFolder()), {
    ...placementOfRecord(record),
    addressing: record.addressing ?? 'loopback',
  })
}

/** Where `up` put the lab. */
export function placementOfRecord(record: LabRecord): Placement & { readonly network: number } {
  const { network, ports, expose, addressing } = record
  const placed = addressing === 'ipv6' ? addressing : 'loopback'
  return { network, ports, addressing: placed, ...(expose === undefined ? {} : { expose }) }
}

/** @throws UsageError with the names there are */
export function chooseNode(plan: LabPlan, name: string): NodePlan {
  const found = plan.nodes.find((node) => node.name === name)
  if (found !== undefined) return found
  const names = plan.nodes.map((node) => node.name)
  throw new UsageError(`the lab ${plan.topology} has no node ${JSON.stringify(name)}${insteadOf(name, names)}`)
}

/** @throws UsageError for a node that sends and receives no SIP, with the nodes that do */
export function chooseSipServer(plan: LabPlan, name: string): NodePlan {
  const node = chooseNode(plan, name)
  if (isSip(node)) return node
  const names = plan.nodes.filter(isSip).map((each) => each.name)
  throw new UsageError(`${name} (${node.role}) is not a SIP server; the SIP servers are ${names.join(', ')}`)
}

export function clientOf(lab: Pick<ChosenLab, 'folder'>, node: string): ControlClient {
  return controlClient(node, nodeFolder(lab.folder.root, node))
}

function open(folder: LabFolder): ChosenLab | undefined {
  const record = readRecord(folder)
  return record === undefined ? undefined : { folder, record, pid: supervisorOf(folder) }
}

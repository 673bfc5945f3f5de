/** What the commands below `siplab certs` share: where the files lie, and the nodes that read them again. */
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { faultOn } from '../faults/record.ts'
import { findLabs, labFolder, readRecord, supervisorOf } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import type { CertificateHome } from '../lab/renewal/certificate-work.ts'
import type { ChangeReport } from '../node/control/control-api.ts'
import { planLab } from '../topology/plan.ts'
import type { CommonOptions } from './command.ts'
import type { Io } from './io.ts'
import { chooseLab, clientOf, planOf } from './lab-choice.ts'
import { chooseTopology, readAddressing } from './topology-options.ts'

export interface HomeOptions extends CommonOptions {
  readonly topology?: string
  readonly containers?: true
}

export interface Reloaded {
  readonly node: string
  readonly report: ChangeReport
}

export function withTopology(command: Command): Command {
  return command
    .option('--topology <FILE>', 'use this lab file (name or path) instead of a lab that was brought up')
    .option('--containers', 'use the addresses of the container lab, where pki listens on port 80')
}

/** The lab of `--data` or below `.siplab`; else `certs/NAME`, laid out the same way. */
export function chooseHome(io: Io, options: HomeOptions): CertificateHome {
  const hasLab =
    options.data === undefined
      ? findLabs(io.workingFolder).length > 0
      : readRecord(labFolder(resolve(io.workingFolder, options.data))) !== undefined
  if (hasLab && options.topology === undefined) {
    const lab = chooseLab(io, options)
    return { root: lab.folder.root, plan: planOf(lab) }
  }
  const { topology } = chooseTopology(io, options.topology)
  return {
    root: resolve(io.workingFolder, options.data ?? join('certs', topology.name)),
    plan: planLab(topology, readAddressing(io, options)),
  }
}

/** Lets the running ones among these nodes read their files again. */
export async function reload(home: CertificateHome, nodes: readonly string[]): Promise<readonly Reloaded[]> {
  const folder = labFolder(home.root)
  const stopped = readRecord(folder)?.stopped
  if (supervisorOf(folder) === undefined) return []
  const running = nodes.filter((node) => stopped?.[node] === undefined)
  return Promise.all(
    running.map(async (node) => ({ node, report: await clientOf({ folder }, node).post<ChangeReport>('/reload', {}) })),
  )
}

export function reloadedText(reports: readonly Reloaded[]): string {
  return reports
    .flatMap(({ node, report }) => [
      ...report.changed.map((line) => `${node}: ${line}\n`),
      ...report.unchanged.map((line) => `${node}: unchanged: ${line}\n`),
    ])
    .join('')
}

/**
 * While a fault is on, a node shows and reads what the fault has put there, whatever is written beside it.
 *
 * @throws LabError `fault.on`
 */
export function refuseUnderFault(root: string, node: string): void {
  const on = faultOn(labFolder(root), node)
  if (on === undefined) return
  throw new LabError(
    'not-so',
    'fault.on',
    `${node} uses the files of the fault ${on.fault}; remove the fault first: siplab heal ${node}`,
  )
}

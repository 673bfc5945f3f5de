/**
 * A lab over IPv6 in a network namespace of its own: `up` goes into a new one, and what talks to the nodes by TCP or
 * UDP goes into that of the lab.
 */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { labFolder, readRecord } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import { isHere, newNamespace, sameNamespace } from '../lab/namespace.ts'
import { placementOf, planLab } from '../topology/plan.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import type { Topology } from '../topology/topology.ts'
import type { ExitStatus } from './failure.ts'
import type { Io } from './io.ts'
import { chooseLab } from './lab-choice.ts'
import { launcher } from './package.ts'
import { UsageError } from './usage-error.ts'

/** The plan of an IPv6 lab, in the network that it is to have; undefined: it is none. */
export function ipv6Plan(
  topology: Topology,
  data: string,
  options: { readonly network?: number; readonly addressing?: 'loopback' | 'ipv6'; readonly fresh: boolean },
): LabPlan | undefined {
  const { addressing, network } = placementOf(topology, options)
  if (addressing !== 'ipv6') return undefined
  const before = options.network === undefined && !options.fresh ? readRecord(labFolder(data)) : undefined
  return planLab(topology, { addressing, network: before?.addressing === 'ipv6' ? before.network : network })
}

/**
 * What goes before the command of `siplab up`; empty: the lab needs no namespace, or is in it.
 *
 * @throws LabError `network.namespace`, UsageError on a system without namespaces
 */
export async function namespaceFor(plan: LabPlan | undefined): Promise<readonly string[]> {
  if (plan === undefined || (await isHere(plan))) return []
  if (process.platform !== 'linux')
    throw new UsageError(`network ipv6: wanted Linux, whose namespaces need no root, found ${process.platform}`)
  return newNamespace(plan, process.getuid?.() === 0)
}

/** What goes before a command that dials nodes, so that it reaches them; undefined: it is to run here. */
export function elsewhere(args: readonly string[], io: Io): readonly string[] | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const data = dataOption(args)
    const { record, pid } = chooseLab(io, data === undefined ? {} : { data: resolve(io.workingFolder, data) })
    return record.addressing === 'ipv6' && pid !== undefined ? sameNamespace(pid, process.getuid?.() === 0) : undefined
  } catch (error) {
    // No lab, or several: the command itself says so, where it needs one.
    if (error instanceof LabError || error instanceof UsageError) return undefined
    throw error
  }
}

function dataOption(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === '--data' || arg.startsWith('--data='))
  if (at < 0) return undefined
  return args[at] === '--data' ? args[at + 1] : args[at]?.slice('--data='.length)
}

/** Runs `siplab ARGS` behind `prefix`, with the streams and the signals of this process. */
export function runElsewhere(prefix: readonly string[], args: readonly string[], io: Io): Promise<ExitStatus> {
  const [program = '', ...rest] = [...prefix, ...launcher, ...args]
  const output = io.outIsTerminal ? 'inherit' : 'pipe'
  const child = spawn(program, rest, {
    stdio: ['inherit', output, output],
    env: io.environment as NodeJS.ProcessEnv,
    cwd: io.workingFolder,
  })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => io.out(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => io.err(text))
  const stopListening = io.onInterrupt((signal) => child.kill(signal))
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      stopListening()
      settle(status === 0 || status === 1 || status === 2 ? status : 3)
    })
  })
}

/** The lab on which remedies are tried: brought up once, broken without a record, and given back as it was. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { undo } from '../../src/faults/edits.ts'
import type { Edit } from '../../src/faults/placement.ts'
import { undoOf } from '../../src/faults/record.ts'
import { type LabLink, linkName, linksOf, redial, type SeenLink, whileRunning } from '../../src/lab/links.ts'
import { startNode, stopNode } from '../../src/lab/nodes/node-restart.ts'
import { labFolder, readRecord } from '../../src/lab/lab-folder.ts'
import type { RunningLabAccess } from '../../src/lab/running-lab.ts'
import { watchEvents } from '../../src/lab/watch.ts'
import type { NodeStatus } from '../../src/node/control/control-api.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { bringUpQuietly } from '../script-lab.ts'
import { runSiplab } from './run-siplab.ts'

export interface TrialLab {
  readonly access: RunningLabAccess
  /** Runs the commands of a remedy as a shell takes them. @returns what a command said that did not end well */
  run(commands: string): Promise<string | undefined>
  /** Every link of the lab dialled again, every node asked what it minds. */
  look(): Promise<Condition>
  giveBack(edits: readonly Edit[]): Promise<void>
  /** Waits until a node has ended. @returns what it says it ended for */
  diedOf(node: string): Promise<Verdict | undefined>
  stop(): Promise<void>
}

/** How a lab is after a remedy. */
interface Condition {
  /** The verdict on each link that is down, and what each node died of or says about its own certificate. */
  readonly verdicts: readonly Verdict[]
  readonly down: readonly string[]
}

const kept = ['certificates', 'crl', 'trust.pem', 'trust-external.pem', 'settings.json', 'fault.json']
const verdictWithinMs = 10_000
const endedWithinMs = 60_000

export async function openTrialLab(
  topology: string,
  network: number | undefined,
  movableClock: boolean,
): Promise<TrialLab> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-remedies-'))
  const { access, stop } = await bringUpQuietly(topology, join(folder, '.siplab', topology), network, movableClock)
  const good = join(folder, 'good')
  copyFiles(access, access.root, good)
  return {
    access,
    run: (commands) => runAll(folder, commands),
    look: () => lookAround(access),
    giveBack: (edits) => giveBack(access, good, edits),
    diedOf: (node) => diedOf(access, node),
    async stop() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Copies the files that certificates, lists and settings have put into the folders of the nodes. */
function copyFiles({ plan }: RunningLabAccess, from: string, to: string): void {
  for (const { name } of plan.nodes) {
    const [source, target] = [from, to].map((each) => nodeFolder(each, name).root)
    if (source === undefined || target === undefined) continue
    mkdirSync(target, { recursive: true })
    for (const file of kept) {
      rmSync(join(target, file), { recursive: true, force: true })
      if (existsSync(join(source, file))) cpSync(join(source, file), join(target, file), { recursive: true })
    }
  }
}

async function diedOf(access: RunningLabAccess, node: string): Promise<Verdict | undefined> {
  const watch = watchEvents(access.plan, access.root)
  try {
    for (const until = performance.now() + endedWithinMs; performance.now() < until; await delay(100)) {
      const end = watch.events().find((event) => event.node === node && event.event === 'service.shut-down')
      const hasStopped = readRecord(labFolder(access.root))?.stopped[node] !== undefined
      if (end !== undefined && hasStopped) return end.verdict
    }
    return undefined
  } finally {
    watch.stop()
  }
}

async function giveBack(access: RunningLabAccess, good: string, edits: readonly Edit[]): Promise<void> {
  await undo(access, edits.map(undoOf))
  copyFiles(access, good, access.root)
  for (const { name } of servers(access)) {
    const report = await whileRunning(access.clientOf(name).post('/reload'))
    if (report !== undefined) continue
    // Its socket is gone, and the supervisor may not have seen the end of the process yet.
    await stopNode(access, name)
    await startNode(access, name)
  }
  const { down } = await lookAround(access)
  if (down.length > 0) throw new Error(`the lab is not as it was: ${down.join(', ')}`)
}

async function runAll(folder: string, commands: string): Promise<string | undefined> {
  for (const command of commands.split('; ')) {
    const failure = command.startsWith('siplab ') ? await runInLab(folder, command) : runShell(folder, command)
    if (failure !== undefined) return `${command}: ${failure}`
  }
  return undefined
}

async function runInLab(folder: string, command: string): Promise<string | undefined> {
  const { status, out, err } = await runSiplab(folder, command.split(' ').slice(1))
  return status === 0 ? undefined : `exit ${status}: ${`${out}${err}`.trim()}`
}

function runShell(folder: string, command: string): string | undefined {
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' })
  return status === 0 ? undefined : `exit ${status}: ${stderr.trim()}`
}

function servers({ plan }: RunningLabAccess): RunningLabAccess['plan']['nodes'] {
  return plan.nodes.filter(({ certificates }) => certificates.length > 0)
}

async function lookAround(access: RunningLabAccess): Promise<Condition> {
  const watch = watchEvents(access.plan, access.root)
  try {
    const stopped = await reloadAll(access)
    const links = (await Promise.all(servers(access).map((node) => linksOf(access, node, 'client')))).flat()
    const states = await redial(access, links)
    const refused = links.filter((link) => isDown(link, states))
    const seen = await watch.verdicts(refused.map(linkName), verdictWithinMs)
    const remarks = watch
      .events()
      .flatMap(({ event, verdict }) => (event === 'certificate.remarked' && verdict !== undefined ? [verdict] : []))
    return {
      verdicts: [...seen.map(({ verdict }) => verdict), ...remarks.flatMap((one) => [one, ...(one.others ?? [])])],
      down: [...refused.map(linkName), ...stopped.map((node) => `${node} is not up`)],
    }
  } finally {
    watch.stop()
  }
}

/** Each node says again what it minds about its own certificate. @returns those that do not run, or are degraded */
async function reloadAll(access: RunningLabAccess): Promise<readonly string[]> {
  const found = await Promise.all(
    servers(access).map(async ({ name }) => {
      await whileRunning(access.clientOf(name).post('/reload'))
      const status = await whileRunning(access.clientOf(name).get<NodeStatus>('/status'))
      return status?.state === 'ready' ? [] : [name]
    }),
  )
  return found.flat()
}

function isDown({ from, peer }: LabLink, states: readonly SeenLink[]): boolean {
  return states.some((state) => state.from === from.name && state.peer === peer && state.state === 'down')
}

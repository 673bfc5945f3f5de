/**
 * `siplab node start NAME`: one node in the foreground; and, for a lab that runs, its nodes stopped and started again.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { clockFileName, movableClock } from '../../lab/clock.ts'
import { supervisorClient } from '../../lab/supervisor-control.ts'
import { startNode } from '../../lab/nodes/start-node.ts'
import { LabError } from '../../lab/lab-error.ts'
import type { RunningNode } from '../../lab/nodes/helper-node.ts'
import type { NodeStatus } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { logStream } from '../../node/log-stream.ts'
import { textLog } from '../../node/text-log.ts'
import { systemClock } from '../../sip/clock.ts'
import { collectStartGarbage } from '../../sip/start-garbage.ts'
import { planLab } from '../../topology/plan.ts'
import { answer, common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import type { ExitStatus } from '../failure.ts'
import { chooseNode, chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'
import type { ChosenLab } from '../lab-choice.ts'
import { verdictText } from '../ready-text.ts'
import { chooseTopology, exposing, placement, readAddressing, readPlacement } from '../topology-options.ts'
import type { PlacementOptions } from '../topology-options.ts'
import { readKept } from '../wire-options.ts'

interface StartOptions extends CommonOptions, PlacementOptions {
  readonly topology?: string
  readonly containers?: true
  readonly supervised?: true
  readonly logFormat: 'json' | 'text'
  readonly log: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

export const nodeCommand: RegisterCommand = (program, context) => {
  const node = program
    .command('node')
    .summary('run one node, or stop and start one of a running lab')
    .description('Runs one node in the foreground, or stops and starts a node of a running lab.')
  startCommand(node, context)
  common(
    node
      .command('stop <NAME>')
      .summary('stop one node of the running lab')
      .description('Stops one node of the running lab; the others keep running.'),
    'siplab node stop fe1',
  ).action((name: string, options: CommonOptions) => askSupervisor(context, '/node-stop', name, options))
  common(
    node
      .command('restart <NAME>')
      .summary('restart one node of the running lab')
      .description('Stops one node of the running lab, if it runs, and starts it again.'),
    'siplab node restart fe1',
  ).action(async (name: string, options: CommonOptions) => {
    const lab = chooseRunningLab(context.io, options)
    chooseNode(planOf(lab), name)
    await ignoreStopped(supervisorClient(lab.folder).post('/node-stop', { node: name }))
    await askSupervisor(context, '/node-start', name, options)
  })
}

function startCommand(node: Command, context: CommandContext): void {
  const start = node
    .command('start <NAME>')
    .summary('run one node, or start a stopped node of the running lab')
    .description(
      'Runs one node in the foreground, as a container does. Without --topology it starts a stopped node of the ' +
        'running lab again.',
    )
    .option('--topology <FILE>', 'run the node of this lab file (name or path)')
    .option('--containers', 'use the addresses of the container lab')
    .addOption(
      new Option('--log <LEVEL>', 'log events of this level and above')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .addOption(
      new Option('--log-format <FORMAT>', 'write the log on standard error in this format')
        .choices(['json', 'text'])
        .default('json'),
    )
    .addOption(new Option('--supervised', 'stop when standard input ends').hideHelp())
  common(exposing(placement(start)), 'siplab node start fe1 --topology edge').action(
    (name: string, options: StartOptions) =>
      options.topology === undefined
        ? askSupervisor(context, '/node-start', name, options)
        : runHere(context, name, options.topology, options),
  )
}

async function askSupervisor(
  { io, finish }: CommandContext,
  request: '/node-start' | '/node-stop',
  name: string,
  options: CommonOptions,
): Promise<void> {
  const lab = chooseRunningLab(io, options)
  chooseNode(planOf(lab), name)
  const { ready } = await supervisorClient(lab.folder).post<{ readonly ready?: boolean }>(request, { node: name })
  if (request === '/node-stop')
    return answer(io, options, { node: name, state: 'stopped' }, () => `${name} is stopped\n`)
  if (ready !== true) {
    answer(
      io,
      options,
      { node: name, state: 'ended' },
      () => `${name} started and ended again; siplab events ${name} says why\n`,
    )
    return finish(1)
  }
  const { state, verdicts } = await standing(lab, name)
  answer(
    io,
    options,
    { node: name, state, ...(verdicts.length === 0 ? {} : { verdicts }) },
    () => `${name} is ${state}\n${verdicts.map((each) => `  ${verdictText(each)}\n`).join('')}`,
  )
}

/**
 * A server that waits for its database has started as well. A container with a program of its own says no more than
 * that it runs.
 */
async function standing(lab: ChosenLab, name: string): Promise<Pick<NodeStatus, 'state' | 'verdicts'>> {
  try {
    return await clientOf(lab, name).get<NodeStatus>('/status')
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return { state: 'ready', verdicts: [] }
    throw error
  }
}

async function ignoreStopped(stopping: Promise<unknown>): Promise<void> {
  try {
    await stopping
  } catch (error) {
    const detail = error instanceof LabError ? error.detail : undefined
    const wasStopped =
      typeof detail === 'object' && detail !== null && 'code' in detail && detail.code === 'node.stopped'
    if (!wasStopped) throw error
  }
}

async function runHere(
  { io, finish }: CommandContext,
  name: string,
  topologyName: string,
  options: StartOptions,
): Promise<void> {
  const { topology } = chooseTopology(io, topologyName)
  const plan = planLab(topology, { ...readPlacement(options), ...readAddressing(io, options) })
  const node = chooseNode(plan, name)
  if (io.environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    throw new UsageError(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 switches every certificate check off; unset it, because a lab without checks ' +
        'cannot show certificate faults',
    )
  const dataDir = resolve(io.workingFolder, options.data ?? `.siplab/${topology.name}`)
  if (io.environment['SIPLAB_MOVABLE_CLOCK'] === '1') withMovableClock(io, nodeFolder(dataDir, name).root)
  const kept = readKept(io)
  const running = await startNode({
    lab: plan,
    plan: node,
    dataDir,
    logLevel: options.log,
    ...storeUrls(io),
    ...(kept === undefined ? {} : { keptMessages: kept }),
    ...(options.logFormat === 'text' ? { logDestination: textLog(logStream(2)) } : {}),
  })
  collectStartGarbage({ clock: systemClock })
  const stopListening = io.onInterrupt(stopOnSignal(running, options))
  if (options.supervised === true) io.onInputEnd(() => void (running.abandon?.() ?? running.stop()))
  const status = await running.ended
  stopListening()
  io.closeInput()
  finish(asExitStatus(status))
}

/** The clock is another one only for a process that was started with it: this one begins again, in its own place. */
function withMovableClock({ environment }: CommandContext['io'], nodeRoot: string): void {
  if (environment['FAKETIME_TIMESTAMP_FILE'] !== undefined) return
  const file = join(nodeRoot, clockFileName)
  const clock = movableClock(nodeRoot, existsSync(file) ? readFileSync(file, 'utf8').trim() : '+0')
  process.execve?.(process.execPath, process.argv, { ...process.env, ...clock })
}

/**
 * Told to end, a node of its own finishes what is in progress; told twice, or under a supervisor that drains by itself,
 * it stops.
 */
function stopOnSignal(running: RunningNode, { supervised }: StartOptions): (signal: NodeJS.Signals) => void {
  let told = supervised === true
  return (signal) => {
    const drains = !told && signal === 'SIGTERM' && running.drain !== undefined
    told = true
    void (drains ? running.drain?.().then(() => running.stop()) : running.stop())
  }
}

/**
 * In the environment and not on the command line: they hold a password, and every user of a machine can list command
 * lines.
 */
function storeUrls({ environment }: CommandContext['io']): {
  readonly sqlUrl?: string
  readonly directoryUrl?: string
} {
  const { SIPLAB_STORE_URL: sqlUrl, SIPLAB_DIRECTORY_URL: directoryUrl } = environment
  return { ...(sqlUrl === undefined ? {} : { sqlUrl }), ...(directoryUrl === undefined ? {} : { directoryUrl }) }
}

function asExitStatus(status: number): ExitStatus {
  return status === 0 || status === 1 || status === 2 ? status : 3
}

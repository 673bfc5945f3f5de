/**
 * What the nodes without SIP (`dns`, `pki`, `load-balancer`) share with the others: an event file, a control socket, a
 * state.
 */
import { mkdirSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import type { Verdict } from '../../verdicts/verdict.ts'
import { json, openControlServer } from '../../node/control/control-server.ts'
import type { ControlRoutes } from '../../node/control/control-server.ts'
import type { ListenerStatus, MachineStatus, NodeState, NodeStatus } from '../../node/control/control-api.ts'
import { type NodeFolder, nodeFolder } from '../../node/control/node-folder.ts'
import { Condition } from '../../node/condition.ts'
import { MachineWatch } from '../../node/machine-watch.ts'
import { openRecorder } from '../../node/recorder.ts'
import type { LogLevel, Recorder } from '../../node/recorder.ts'
import { systemClock } from '../../sip/clock.ts'
import type { NodePlan } from '../../topology/plan-types.ts'

/** A node that runs in this process. */
export interface RunningNode {
  /** Resolves with the exit status once the node has ended, however it came to that. */
  readonly ended: Promise<number>
  /** Takes nothing new and resolves when nothing is in progress. Absent where nothing ever is. */
  drain?(): Promise<void>
  stop(): Promise<void>
  /** Stops because its lab was killed; removes what the lab would have. Absent: there is nothing to remove. */
  abandon?(): Promise<void>
}

export interface NodeStart {
  readonly plan: NodePlan
  /** Data folder of the lab; the node's own is `nodes/NAME` below it. */
  readonly dataDir: string
  readonly logLevel: LogLevel
  /** JSON on standard error when absent. */
  readonly logDestination?: DestinationStream
}

/** The part that differs: what it listens on and answers. */
export interface Service {
  readonly listeners: readonly ListenerStatus[]
  readonly routes?: ControlRoutes
  metrics?(): Readonly<Record<string, number>>
  /** Absent: always ready. */
  health?(): { readonly state: NodeState; readonly verdicts: readonly Verdict[] }
  close(): Promise<void>
  /** After `close`, when the lab was killed: removes what the lab would have removed. */
  abandoned?(): void
}

/**
 * Opens the service, then the control socket; `service.ready` is written when both are open.
 *
 * @param open its second argument ends the node with status 1, for a service that cannot go on
 */
export async function startHelperNode(
  start: NodeStart,
  open: (recorder: Recorder, end: (because: Verdict) => void) => Promise<Service>,
): Promise<RunningNode> {
  const folder = nodeFolder(start.dataDir, start.plan.name)
  mkdirSync(folder.root, { recursive: true, mode: 0o700 })
  const recorder = recorderOf(start, folder)
  recorder.record('service.starting')
  const ended = Promise.withResolvers<number>()
  const condition = new Condition(() => new Date().toISOString())
  const machine = new MachineWatch({ node: start.plan.name, recorder, condition, clock: systemClock })
  let because: Verdict | undefined
  const service = await open(recorder, (verdict) => {
    because ??= verdict
    recorder.record('service.shut-down', { verdict })
    void stop()
  })
  condition.become('ready')
  machine.start()
  const stop = async (isAbandoned = false): Promise<void> => {
    if (condition.state === 'stopped') return
    condition.become('stopped')
    machine.close()
    recorder.record('service.stopping')
    await service.close()
    if (isAbandoned) service.abandoned?.()
    recorder.record('service.stopped')
    await control.close()
    await recorder.close()
    ended.resolve(because === undefined ? 0 : 1)
  }
  const status = () => statusOf(start.plan, service, condition, machine.status)
  const control = await openControlServer(folder, { ...ordinaryRoutes(status, stop, service), ...service.routes })
  recorder.record('service.ready', { data: { listeners: service.listeners } })
  return { ended: ended.promise, stop: () => stop(), abandon: () => stop(true) }
}

function recorderOf(
  { plan, logLevel, logDestination }: NodeStart,
  { events: eventFile, log: logFile }: NodeFolder,
): Recorder {
  return openRecorder({
    node: plan.name,
    role: plan.role,
    profile: plan.profile.name,
    eventFile,
    logFile,
    level: logLevel,
    wall: Date.now,
    ...(logDestination === undefined ? {} : { destination: logDestination }),
  })
}

function statusOf(
  { name, role, fqdn }: NodePlan,
  service: Service,
  { state, since, verdicts }: Condition,
  machine: MachineStatus,
): NodeStatus {
  const own = state === 'stopped' ? undefined : service.health?.()
  return {
    name,
    role,
    fqdn,
    state: own === undefined || own.state === 'ready' ? state : own.state,
    since,
    pid: process.pid,
    listeners: service.listeners,
    links: [],
    verdicts: [...(own?.verdicts ?? []), ...verdicts],
    flows: 0,
    transactions: 0,
    registrations: 0,
    machine,
  }
}

/** What every node answers; one without links has none to probe, one without certificates none to read again. */
function ordinaryRoutes(status: () => NodeStatus, stop: () => Promise<void>, service: Service): ControlRoutes {
  return {
    'GET /status': () => json(status()),
    'GET /metrics': () => json(service.metrics?.() ?? {}),
    'POST /probe': () => json([]),
    'POST /reload': () => json({ changed: [], unchanged: [] }),
    'POST /drain': () => json({}),
    'POST /stop': () => {
      setImmediate(() => void stop())
      return json({})
    },
  }
}

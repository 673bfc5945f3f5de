/** A scenario's lab on this machine: the runner is its supervisor, the commands are those of this siplab. */
import { mkdirSync, rmSync } from 'node:fs'
import type { FlowStatus, NodeStatus } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { planLab } from '../../topology/plan.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { hasMovableClock } from '../clock.ts'
import { controlClient } from '../control-client.ts'
import { tailEvents } from '../event-tail.ts'
import type { EventTail } from '../event-tail.ts'
import { dialledNames } from '../links.ts'
import { LabError } from '../lab-error.ts'
import type { LabChange } from '../ready-document.ts'
import { findPostgresql } from '../nodes/sql/programs.ts'
import { bringUp } from '../up.ts'
import type { RunningLab } from '../up.ts'
import type {
  ArrivedEvent,
  ArrivedStop,
  CommandOutcome,
  DrivenLab,
  LabDriver,
  LabRequest,
  LiveFlow,
  NodeStanding,
} from './driver.ts'

export interface LocalDriverOptions {
  /** Program and first arguments of a siplab process. */
  readonly launcher: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Empty folder for one lab; it is made. */
  readonly data: string
  readonly network?: number
  /** Leaves the folder. */
  readonly keep: boolean
  /** Runs a siplab command in this process. */
  readonly command: (args: readonly string[]) => Promise<CommandOutcome>
  readonly onProgress: (line: string) => void
}

export function localDriver(options: LocalDriverOptions): LabDriver {
  return {
    kind: 'local',
    lacks,
    bringUp: (request, signal) => bringUpLocal(options, request, signal),
  }
}

function lacks({ movableClock, needs }: LabRequest): string | undefined {
  if (movableClock && !hasMovableClock())
    return 'libfaketime is not installed (Debian package libfaketime), so no clock can be moved'
  const postgresql = needs.includes('postgresql') ? findPostgresql() : undefined
  return typeof postgresql === 'string' ? postgresql : undefined
}

async function bringUpLocal(
  options: LocalDriverOptions,
  { topology, source, movableClock }: LabRequest,
  signal: AbortSignal,
): Promise<DrivenLab> {
  const { launcher, environment, data, network, onProgress } = options
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const lab = new LocalLab(
    options,
    planLab(topology).nodes.map(({ name }) => name),
  )
  try {
    const running = await bringUp(
      {
        topology,
        source,
        data,
        launcher,
        environment,
        movableClock,
        onProgress,
        ports: {},
        fresh: false,
        ...(network === undefined ? {} : { network }),
        onChange: (change) => lab.onChange(change),
      },
      signal,
    )
    return lab.take(running)
  } catch (error) {
    lab.stopListening()
    if (!options.keep) rmSync(data, { recursive: true, force: true })
    throw error
  }
}

class LocalLab implements DrivenLab {
  readonly events: ArrivedEvent[] = []
  readonly stops: ArrivedStop[] = []
  readonly #options: LocalDriverOptions
  readonly #began = performance.now()
  readonly #listeners = new Set<() => void>()
  readonly #stopped = new Map<string, NodeStanding>()
  readonly #tails: readonly EventTail[]
  #running: RunningLab | undefined

  /** Listens from before the first node starts. */
  constructor(options: LocalDriverOptions, nodes: readonly string[]) {
    this.#options = options
    this.#tails = nodes.map((name) =>
      tailEvents(nodeFolder(options.data, name).events, 'start', (event) => {
        this.events.push({ atMs: this.#now(), event })
        this.#tell()
      }),
    )
  }

  get plan() {
    return this.#lab.plan
  }

  get ready() {
    return this.#lab.ready
  }

  get data(): string {
    return this.#options.data
  }

  get #lab(): RunningLab {
    if (this.#running === undefined) throw new Error('the lab of this scenario is not up')
    return this.#running
  }

  take(running: RunningLab): this {
    this.#running = running
    for (const { name, pid } of running.ready.nodes)
      if (pid === undefined) this.#stopped.set(name, { state: 'stopped' })
    return this
  }

  onChange(change: LabChange): void {
    if (change.event === 'node-stopped') this.#noteStop(change)
    if (change.event === 'node-ready') this.#stopped.delete(change.node)
    this.#tell()
  }

  #noteStop(change: Extract<LabChange, { event: 'node-stopped' }>): void {
    const { node, exit, signal } = change
    this.#stopped.set(node, { state: 'stopped', ...without(change) })
    this.stops.push({ atMs: this.#now(), node, how: exit === undefined ? (signal ?? 'ended') : `exit ${exit}` })
  }

  onNews(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  command(args: readonly string[]): Promise<CommandOutcome> {
    return this.#options.command([...args, '--data', this.data, '--json'])
  }

  async standing(node: string): Promise<NodeStanding> {
    const stopped = this.#stopped.get(node)
    if (stopped !== undefined) return stopped
    const status = await this.#ask<NodeStatus>(node, '/status')
    const [verdict] = status?.verdicts ?? []
    return { state: status?.state ?? 'stopped', ...(verdict === undefined ? {} : { verdict }) }
  }

  async flows(): Promise<readonly LiveFlow[]> {
    const servers = this.plan.nodes.filter(hasFlows)
    const all = await Promise.all(
      servers.map(({ name }) => (this.#stopped.has(name) ? [] : this.#ask<readonly FlowStatus[]>(name, '/flows'))),
    )
    return all
      .flatMap((flows) => flows ?? [])
      .filter(({ direction, transport }) => direction === 'dialled' && transport === 'tls')
      .map(({ link, own, peer }) => ({ link, shown: peer, dialledWith: own }))
  }

  async kill(node: string): Promise<void> {
    const { pid } = await this.#client(node).get<NodeStatus>('/status')
    process.kill(pid, 'SIGKILL')
  }

  async redial(from: string, to: string): Promise<void> {
    const peer = this.plan.nodes.find(({ name }) => name === to)
    if (peer === undefined) throw new LabError('usage', 'scenario.node', `no node ${to} in ${this.plan.topology}`)
    for (const name of dialledNames(peer)) await this.#client(from).post('/redial', { peer: name })
  }

  async end(): Promise<void> {
    await this.#running?.stop()
    for (const tail of this.#tails) tail.flush()
    this.stopListening()
    if (!this.#options.keep) rmSync(this.data, { recursive: true, force: true })
  }

  #now(): number {
    return Math.round(performance.now() - this.#began)
  }

  stopListening(): void {
    for (const tail of this.#tails) tail.stop()
  }

  #client(node: string) {
    return controlClient(node, nodeFolder(this.data, node))
  }

  /** Undefined when the node is just going: its end arrives as a change. */
  async #ask<T>(node: string, path: string): Promise<T | undefined> {
    try {
      return await this.#client(node).get<T>(path)
    } catch (error) {
      if (error instanceof LabError && error.code === 'node.unreachable') return undefined
      throw error
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function without({
  event: _event,
  node: _node,
  ...how
}: Extract<LabChange, { event: 'node-stopped' }>): Omit<NodeStanding, 'state'> {
  return how
}

function hasFlows({ role }: NodePlan): boolean {
  return (
    role === 'front-end' ||
    role === 'standard-edition' ||
    role === 'director' ||
    role === 'access-proxy' ||
    role === 'gateway'
  )
}

/**
 * The supervisor of a lab whose nodes are containers. It runs in a container of its own, sees every node's folder and
 * no network, and does what the one of a local lab does: writes the record, tells who stopped and why, answers on
 * `lab.sock`. It cannot start a container: that is a wish, and whoever attends from outside (compose-session.ts)
 * fulfils it.
 */
import type { Verdict } from '../certificates/verdict.ts'
import { z } from 'zod'
import type { NodeEvent, NodeStatus } from '../roles/control-api.ts'
import { ControlRefusal, ControlUsageError, json, openControlServer } from '../roles/control-server.ts'
import type { ControlCall, LineStream } from '../roles/control-server.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import { controlClient } from './control-client.ts'
import { tailEvents } from './event-tail.ts'
import { LabError } from './lab-error.ts'
import { labFolder, takeLock, writeRecord } from './lab-folder.ts'
import type { LabFolder, LabRecord, StoppedNode } from './lab-folder.ts'
import { supervisorSockets } from './supervisor-control.ts'

/** Something only the container engine can do. */
export interface Wish {
  readonly id: number
  readonly do: 'start' | 'stop'
  readonly node: string
}

/** `GET /wishes`: first that whoever asked is attending, then what is wished for. */
export type WishLine = { readonly kind: 'attending' } | { readonly kind: 'wish'; readonly wish: Wish }

export interface ComposeSupervisorOptions {
  readonly plan: LabPlan
  /** What `loadTopology` took. */
  readonly source: string
  readonly data: string
  readonly movableClock: boolean
  /** One line for people. */
  readonly onProgress: (line: string) => void
}

const lookMs = 1000
const startWithinMs = 45_000
const stopWithinMs = 20_000
/** How often in a row a node may leave a look unanswered; one that starts has no socket yet. */
const silentLooks = { starting: startWithinMs / lookMs, ready: 2 } as const

/** @returns ends it */
export async function superviseContainers(options: ComposeSupervisorOptions): Promise<() => Promise<void>> {
  const folder = labFolder(options.data)
  const releaseLock = takeLock(folder)
  const supervisor = new ComposeSupervisor(options, folder)
  const server = await openControlServer(supervisorSockets(folder), {
    'GET /wishes': () => ({ kind: 'lines', start: (stream) => supervisor.attend(stream) }),
    'POST /wish-done': (call) => json(supervisor.wishDone(read(wishDone, call))),
    'POST /node-start': async (call) => json({ ready: await supervisor.startNode(read(named, call).node) }),
    'POST /node-stop': async (call) => {
      await supervisor.stopNode(read(named, call).node)
      return json({})
    },
  })
  return async () => {
    supervisor.close()
    await server.close()
    releaseLock()
  }
}

const named = z.strictObject({ node: z.string() })
const wishDone = z.strictObject({ id: z.int(), error: z.string().optional() })

function read<T>(shape: z.ZodType<T>, { body }: ControlCall): T {
  const parsed = shape.safeParse(body)
  if (!parsed.success) throw new ControlUsageError(z.prettifyError(parsed.error))
  return parsed.data
}

/** What is known of one node from its events. */
interface Watched {
  readonly plan: NodePlan
  state: 'unknown' | 'starting' | 'ready' | 'stopped'
  cause: Verdict | undefined
  shutDown: boolean
  silent: number
}

class ComposeSupervisor {
  readonly #options: ComposeSupervisorOptions
  readonly #folder: LabFolder
  readonly #watched: ReadonlyMap<string, Watched>
  readonly #attending = new Set<LineStream>()
  readonly #wishes = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>()
  readonly #changes = new Set<() => void>()
  readonly #ends: (() => void)[] = []
  #record: LabRecord
  #lastWish = 0

  constructor(options: ComposeSupervisorOptions, folder: LabFolder) {
    const { plan, source, movableClock, data } = options
    this.#options = options
    this.#folder = folder
    this.#record = {
      topology: source,
      name: plan.topology,
      network: plan.network,
      ports: {},
      addressing: 'containers',
      movableClock,
      startedAt: new Date().toISOString(),
      stopped: {},
    }
    writeRecord(folder, this.#record)
    this.#watched = new Map(
      plan.nodes
        .filter(runsSiplab)
        .map((node) => [node.name, { plan: node, state: 'unknown', cause: undefined, shutDown: false, silent: 0 }]),
    )
    for (const [name, watched] of this.#watched) {
      const tail = tailEvents(nodeFolder(data, name).events, 'start', (event) => this.#onEvent(watched, event))
      this.#ends.push(() => tail.stop())
    }
    const timer = setInterval(() => void this.#look(), lookMs)
    this.#ends.push(() => clearInterval(timer))
  }

  close(): void {
    for (const end of this.#ends) end()
    for (const stream of this.#attending) stream.end()
  }

  attend(stream: LineStream): void {
    this.#attending.add(stream)
    stream.write({ kind: 'attending' } satisfies WishLine)
    stream.onClose(() => this.#attending.delete(stream))
  }

  wishDone({ id, error }: { readonly id: number; readonly error?: string | undefined }): object {
    const wish = this.#wishes.get(id)
    this.#wishes.delete(id)
    if (error === undefined) wish?.resolve()
    else wish?.reject(new ControlRefusal('node.container', error))
    return {}
  }

  /** True once it is ready, false when it ended before. */
  async startNode(name: string): Promise<boolean> {
    const watched = this.#find(name)
    if (watched !== undefined) {
      await this.#mustNotRun(watched)
      watched.state = 'unknown'
    }
    await this.#wish('start', name)
    if (watched === undefined) return true
    await this.#until(() => hasSettled(watched), startWithinMs, `${name} did not become ready`)
    return isRunning(watched)
  }

  /**
   * One that was killed a moment ago still counts as ready: it is asked, for whoever saw that it is gone wants it back
   * now.
   */
  async #mustNotRun(watched: Watched): Promise<void> {
    const { name } = watched.plan
    const isGone = watched.state === 'ready' && !(await this.#answers(name))
    if (isGone) this.#noteKilled(watched)
    if (isRunning(watched)) throw new ControlRefusal('node.running', `${name} already runs`)
  }

  async stopNode(name: string): Promise<void> {
    const watched = this.#find(name)
    if (watched === undefined) return this.#wish('stop', name)
    if (watched.state === 'stopped') throw new ControlRefusal('node.stopped', `${name} does not run`)
    await this.#client(name).post('/stop', {})
    await this.#until(() => watched.state === 'stopped', stopWithinMs, `${name} did not stop`)
  }

  /** Undefined for a node that runs a program of its own (the SQL back end, the load balancer). */
  #find(name: string): Watched | undefined {
    if (this.#options.plan.nodes.some((node) => node.name === name)) return this.#watched.get(name)
    throw new ControlUsageError(
      `no node ${name} here; nodes: ${this.#options.plan.nodes.map((node) => node.name).join(', ')}`,
    )
  }

  #wish(what: Wish['do'], node: string): Promise<void> {
    const [stream] = this.#attending
    if (stream === undefined)
      throw new ControlRefusal(
        'node.container',
        `${node} is a container, and no siplab outside attends to start or stop it; docker compose ${what} ` +
          `${node} does, or siplab with --lab compose`,
      )
    const id = ++this.#lastWish
    return new Promise((resolve, reject) => {
      this.#wishes.set(id, { resolve, reject })
      stream.write({ kind: 'wish', wish: { id, do: what, node } } satisfies WishLine)
    })
  }

  #onEvent(watched: Watched, event: NodeEvent): void {
    switch (event.event) {
      case 'service.starting':
        Object.assign(watched, { state: 'starting', cause: undefined, shutDown: false, silent: 0 })
        return this.#noteRunning(watched)
      case 'service.ready':
        Object.assign(watched, { state: 'ready', silent: 0 })
        this.#options.onProgress(`${event.node} is up (${watched.plan.role}, ${watched.plan.fqdn})`)
        return this.#noteRunning(watched)
      case 'service.shut-down':
        watched.shutDown = true
        return this.#noteStopped(watched, { at: event.time, exit: 1, ...causeOf(watched, event) })
      case 'service.stopped':
        return this.#noteStopped(watched, {
          at: event.time,
          exit: watched.shutDown ? 1 : 0,
          ...causeOf(watched, undefined),
        })
      default:
        // A node outlives the loss of its database.
        if (event.level === 'error' && event.data?.['store'] === undefined) watched.cause ??= event.verdict
    }
  }

  /** A node that was killed writes nothing: its socket no longer answers. */
  async #look(): Promise<void> {
    for (const [name, watched] of this.#watched) {
      if (!isRunning(watched)) continue
      watched.silent = (await this.#answers(name)) ? 0 : watched.silent + 1
      if (isRunning(watched) && watched.silent >= silentLooks[watched.state]) this.#noteKilled(watched)
    }
  }

  #noteKilled(watched: Watched): void {
    this.#noteStopped(watched, { at: new Date().toISOString(), signal: 'unknown' })
  }

  async #answers(name: string): Promise<boolean> {
    try {
      await this.#client(name).get<NodeStatus>('/status')
      return true
    } catch (error) {
      if (error instanceof LabError) return false
      throw error
    }
  }

  #noteRunning({ plan }: Watched): void {
    const { [plan.name]: _back, ...stopped } = this.#record.stopped
    this.#write(stopped)
  }

  #noteStopped(watched: Watched, how: StoppedNode): void {
    const { name } = watched.plan
    watched.state = 'stopped'
    this.#options.onProgress(
      `${name} has stopped${how.verdict === undefined ? '' : `: ${(how.verdict as Verdict).message}`}`,
    )
    this.#write({ ...this.#record.stopped, [name]: how })
  }

  #write(stopped: LabRecord['stopped']): void {
    this.#record = { ...this.#record, stopped }
    writeRecord(this.#folder, this.#record)
    for (const changed of [...this.#changes]) changed()
  }

  #until(holds: () => boolean, withinMs: number, complaint: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        this.#changes.delete(look)
        act()
      }
      const look = (): void => {
        if (holds()) settle(resolve)
      }
      const timer = setTimeout(
        () => settle(() => reject(new ControlRefusal('node.late', `${complaint} within ${withinMs / 1000} s`))),
        withinMs,
      )
      this.#changes.add(look)
      look()
    })
  }

  #client(name: string) {
    return controlClient(name, nodeFolder(this.#options.data, name), 3000)
  }
}

function causeOf({ cause }: Watched, event: NodeEvent | undefined): { readonly verdict?: Verdict } {
  const verdict = cause ?? event?.verdict
  return verdict === undefined ? {} : { verdict }
}

function isRunning(watched: Watched): watched is Watched & { readonly state: 'ready' | 'starting' } {
  return watched.state === 'ready' || watched.state === 'starting'
}

function hasSettled({ state }: Watched): boolean {
  return state === 'ready' || state === 'stopped'
}

function runsSiplab({ role }: NodePlan): boolean {
  return role !== 'sql' && role !== 'load-balancer'
}

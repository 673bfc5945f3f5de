/** One node as a child process of the supervisor: started, watched through its event file, stopped. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { NodeEvent, NodeStatus } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { NodeFolder } from '../../node/control/node-folder.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { controlClient } from '../control-client.ts'
import type { ControlClient } from '../control-client.ts'
import { tailEvents } from '../event-tail.ts'
import type { EventTail } from '../event-tail.ts'

const maxLogBytes = 16 * 1024 * 1024

export interface NodeExit {
  /** Exit status; absent when a signal ended it. */
  readonly exit?: number
  readonly signal?: string
  /** Why, as its own events say. */
  readonly verdict?: Verdict
}

export interface NodeProcessOptions {
  readonly plan: NodePlan
  readonly labFolder: string
  /** Program and arguments that run this node. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly onEvent: (event: NodeEvent) => void
  readonly onExit: (node: NodeProcess, exit: NodeExit) => void
}

export class NodeProcess {
  readonly plan: NodePlan
  readonly folder: NodeFolder
  readonly control: ControlClient
  readonly #options: NodeProcessOptions
  #child: ChildProcess | undefined
  #tail: EventTail | undefined
  #ready: PromiseWithResolvers<void> = Promise.withResolvers()
  #ended: PromiseWithResolvers<NodeExit> = Promise.withResolvers()
  #cause: Verdict | undefined

  constructor(options: NodeProcessOptions) {
    this.#options = options
    this.plan = options.plan
    this.folder = nodeFolder(options.labFolder, options.plan.name)
    this.control = controlClient(options.plan.name, this.folder)
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** Resolves with true at `service.ready`, with false when the process ended before that. */
  async becameReady(): Promise<boolean> {
    return Promise.race([this.#ready.promise.then(() => true), this.#ended.promise.then(() => false)])
  }

  status(): Promise<NodeStatus> {
    return this.control.get<NodeStatus>('/status')
  }

  /**
   * Starts the process in a group of its own, so that Ctrl-C in the terminal reaches the supervisor alone. Its standard
   * input is a pipe that ends with the supervisor: a node never outlives its lab.
   */
  start(): void {
    const [program = '', ...args] = this.#options.command
    mkdirSync(this.folder.root, { recursive: true, mode: 0o700 })
    this.#ready = Promise.withResolvers()
    this.#ended = Promise.withResolvers()
    this.#cause = undefined
    this.#tail = tailEvents(this.folder.events, 'end', (event) => this.#onEvent(event))
    const log = openLog(this.folder.log)
    const child = spawn(program, args, {
      stdio: ['pipe', log, log],
      detached: true,
      env: this.#options.environment as NodeJS.ProcessEnv,
    })
    closeSync(log)
    this.#child = child
    // The pipe breaks when the node ends first; its exit is what tells.
    child.stdin?.on('error', () => undefined)
    child.once('error', (error) => this.#onExit({ verdict: undefined, signal: error.message }))
    child.once('exit', (status, signal) =>
      this.#onExit(status === null ? { signal: signal ?? 'unknown' } : { exit: status }),
    )
  }

  /** Asks it to stop; after `graceMs` it is killed. Resolves when the process has ended. */
  async stop(graceMs: number): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    child.kill('SIGTERM')
    await this.#ended.promise
    clearTimeout(timer)
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** The last lines it wrote to its log, for a sentence about its end. */
  lastWords(lines = 12): string {
    if (!existsSync(this.folder.log)) return ''
    return readFileSync(this.folder.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  #onEvent(event: NodeEvent): void {
    if (event.event === 'service.ready') this.#ready.resolve()
    // A node outlives the loss of its database.
    if (event.level === 'error' && event.data?.['store'] === undefined) this.#cause ??= event.verdict
    this.#options.onEvent(event)
  }

  #onExit(how: { readonly exit?: number; readonly signal?: string; readonly verdict?: undefined }): void {
    if (this.#child === undefined) return
    this.#tail?.flush()
    this.#tail?.stop()
    this.#child = undefined
    const { exit, signal } = how
    const ending: NodeExit = {
      ...(exit === undefined ? {} : { exit }),
      ...(signal === undefined ? {} : { signal }),
      ...(this.#cause === undefined ? {} : { verdict: this.#cause }),
    }
    this.#ended.resolve(ending)
    this.#options.onExit(this, ending)
  }
}

function openLog(file: string): number {
  const isFull = existsSync(file) && statSync(file).size > maxLogBytes
  if (isFull) truncateSync(file)
  // To append: the node begins the file anew when it has grown too large.
  return openSync(file, 'a', 0o600)
}

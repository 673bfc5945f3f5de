/** One node as a child process of the supervisor: started, watched through its event file, stopped. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, statSync, truncateSync } from 'node:fs'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { NodeFolder } from '../../node/control/node-folder.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { controlClient } from '../control-client.ts'
import type { ControlClient } from '../control-client.ts'
import { tailEvents } from '../event-tail.ts'
import type { EventTail } from '../event-tail.ts'
import type { HostListener, HostedNode, NodeEnd } from '../node-host.ts'

const maxLogBytes = 16 * 1024 * 1024

export interface NodeProcessOptions {
  readonly plan: NodePlan
  readonly labFolder: string
  /** Program and arguments that run this node. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
}

export class NodeProcess implements HostedNode {
  readonly plan: NodePlan
  readonly control: ControlClient
  readonly runsSiplab = true
  readonly #options: NodeProcessOptions
  readonly #listener: HostListener
  readonly #folder: NodeFolder
  #child: ChildProcess | undefined
  #tail: EventTail | undefined
  #ended: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(options: NodeProcessOptions, listener: HostListener) {
    this.#options = options
    this.#listener = listener
    this.plan = options.plan
    this.#folder = nodeFolder(options.labFolder, options.plan.name)
    this.control = controlClient(options.plan.name, this.#folder)
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /**
   * Starts the process in a group of its own, so that Ctrl-C in the terminal reaches the supervisor alone. Its standard
   * input is a pipe that ends with the supervisor: a node never outlives its lab.
   */
  async start(): Promise<void> {
    const [program = '', ...args] = this.#options.command
    const { name } = this.plan
    mkdirSync(this.#folder.root, { recursive: true, mode: 0o700 })
    this.#ended = Promise.withResolvers()
    this.#tail = tailEvents(this.#folder.events, 'end', (event) => this.#listener.onEvent(name, event))
    const log = openLog(this.#folder.log)
    const child = spawn(program, args, {
      stdio: ['pipe', log, log],
      detached: true,
      env: this.#options.environment as NodeJS.ProcessEnv,
    })
    closeSync(log)
    this.#child = child
    // The pipe breaks when the node ends first; its exit is what tells.
    child.stdin?.on('error', () => undefined)
    child.once('error', (error) => this.#onExit({ signal: error.message }))
    child.once('exit', (status, signal) =>
      this.#onExit(status === null ? { signal: signal ?? 'unknown' } : { exit: status }),
    )
  }

  /** Resolves when the process has ended. */
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

  #onExit(how: Omit<NodeEnd, 'at'>): void {
    if (this.#child === undefined) return
    this.#tail?.flush()
    this.#tail?.stop()
    this.#child = undefined
    this.#listener.onEnd(this.plan.name, { at: new Date().toISOString(), ...how })
    this.#ended.resolve()
  }
}

function openLog(file: string): number {
  const isFull = existsSync(file) && statSync(file).size > maxLogBytes
  if (isFull) truncateSync(file)
  // To append: the node begins the file anew when it has grown too large.
  return openSync(file, 'a', 0o600)
}

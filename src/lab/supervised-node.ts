/** One node as the supervisor sees it: what its host does with it, and how far its present run has come. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { ControlClient } from './control-client.ts'
import type { HostedNode } from './node-host.ts'

/** `unknown`: the node has reported nothing yet. */
type NodeRun = 'unknown' | 'starting' | 'ready' | 'stopped'

export class SupervisedNode {
  readonly plan: NodePlan
  readonly control: ControlClient
  readonly hosted: HostedNode
  /** Looks in a row that it left unanswered. */
  silentLooks = 0
  #run: NodeRun = 'unknown'
  #cause: Verdict | undefined
  #settled: PromiseWithResolvers<boolean> = Promise.withResolvers()
  #ended: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(hosted: HostedNode) {
    this.hosted = hosted
    this.plan = hosted.plan
    this.control = hosted.control
  }

  get run(): NodeRun {
    return this.#run
  }

  get isRunning(): boolean {
    return this.#run === 'starting' || this.#run === 'ready'
  }

  /** Undefined while it does not run, and of a container. */
  get pid(): number | undefined {
    return this.hosted.pid
  }

  /** Why it ended, as the first error of the run says. */
  get cause(): Verdict | undefined {
    return this.#cause
  }

  /** True once it is ready, false when it ended before that. */
  settled(): Promise<boolean> {
    return this.#settled.promise
  }

  ended(): Promise<void> {
    return this.#ended.promise
  }

  /** @throws what the host says when it cannot start it; the node is then what it was */
  async start(): Promise<void> {
    const before = this.#run
    this.#begin()
    try {
      await this.hosted.start()
    } catch (error) {
      this.#run = before
      throw error
    }
  }

  hear(event: NodeEvent): void {
    if (event.event === 'service.starting') this.#begin()
    if (event.event === 'service.ready') this.#becomeReady()
    // A node outlives the loss of its database.
    if (event.level === 'error' && event.data?.['store'] === undefined) this.#cause ??= event.verdict
  }

  end(): void {
    this.#run = 'stopped'
    this.#settled.resolve(false)
    this.#ended.resolve()
  }

  #begin(): void {
    if (this.#run === 'starting') return
    this.#run = 'starting'
    this.#cause = undefined
    this.silentLooks = 0
    this.#settled = Promise.withResolvers()
    this.#ended = Promise.withResolvers()
  }

  #becomeReady(): void {
    this.#run = 'ready'
    this.silentLooks = 0
    this.#settled.resolve(true)
  }
}

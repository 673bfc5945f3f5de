/**
 * Where the nodes of a lab run: each a process of this machine, or each in a container. This is all that the supervisor
 * knows of the difference.
 */
import type { NodeEvent } from '../node/control/control-api.ts'
import type { ControlRoutes } from '../node/control/control-server.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { ControlClient } from './control-client.ts'
import type { StoppedNode } from './lab-folder.ts'

export interface NodeHost {
  /** In the order of the plan. */
  readonly nodes: readonly HostedNode[]
  /** Requests of its own, answered on the socket of the lab. */
  readonly routes: ControlRoutes
  /** Hears no more of the nodes. */
  close(): void
}

export interface HostedNode {
  readonly plan: NodePlan
  readonly control: ControlClient
  /** Undefined while it does not run, and of a container. */
  readonly pid: number | undefined
  /** False for a container with another program: it writes no events, so its readiness and its end stay unknown. */
  readonly runsSiplab: boolean
  start(): Promise<void>
  /** Asks it to stop. A host that can kill does so after `graceMs`. */
  stop(graceMs: number): Promise<void>
  /** Ends it at once, unasked. Absent where the host cannot. */
  kill?(): void
  /** Asks whether it still runs. Absent where the host learns of every end. */
  isAlive?(): Promise<boolean>
}

/** Why it ended is for the supervisor, who hears the events. */
export type NodeEnd = Omit<StoppedNode, 'verdict'>

export interface HostListener {
  /** Each event of each node, in its order; those of a run come before its end. */
  onEvent(node: string, event: NodeEvent): void
  onEnd(node: string, how: NodeEnd): void
}

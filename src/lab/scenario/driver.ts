/**
 * What a scenario needs of a lab, wherever it runs. The local lab is behind it (local-driver.ts); a lab in containers
 * can be: commands with `--lab compose`, events from the shared volume, processes by `docker compose kill`.
 */
import type { NodeEvent, NodeState } from '../../node/control/control-api.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import type { Topology } from '../../topology/topology.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { ReadyDocument } from '../ready-document.ts'
import type { Program } from './format.ts'

export interface LabRequest {
  readonly topology: Topology
  /** A shipped name, or the absolute path of a lab file. */
  readonly source: string
  readonly movableClock: boolean
  /** Programs without which the scenario cannot run, e.g. `postgresql`. */
  readonly needs: readonly Program[]
}

export interface LabDriver {
  readonly kind: 'local' | 'compose'
  /**
   * Why the request cannot be met here, e.g. libfaketime is missing: then the scenario is skipped by name. undefined:
   * it can be met.
   */
  lacks(request: LabRequest): string | undefined
  bringUp(request: LabRequest, signal: AbortSignal): Promise<DrivenLab>
}

/** What came of one siplab command. */
export interface CommandOutcome {
  readonly status: number
  /** Its JSON document; undefined when it printed none. */
  readonly document: unknown
  /** What it wrote for people, when it failed. */
  readonly complaint: string
}

export interface NodeStanding {
  readonly state: NodeState
  /** How its process ended; absent while it runs. */
  readonly exit?: number
  readonly signal?: string
  readonly verdict?: Verdict
}

/** A live connection of a node, as `GET /flows` of its control socket tells it. */
export interface LiveFlow {
  /** `director->fe1`: who dialled whom. */
  readonly link: string
  /** Serial of what the acceptor showed when it was opened. */
  readonly shown: string | undefined
  /** Serial of what the dialler showed. */
  readonly dialledWith: string | undefined
}

export interface DrivenLab {
  readonly plan: LabPlan
  readonly ready: ReadyDocument
  /** Where its files are, for people; undefined when there is no such place on this machine. */
  readonly data: string | undefined
  /** `command(['mtls', 'fe1', 'off'])`: as a person would type it, with `--json`. Never rejects for an exit status. */
  command(args: readonly string[]): Promise<CommandOutcome>
  /** Every event of every node so far, in the order they became known. */
  readonly events: readonly ArrivedEvent[]
  /** Every end of a node so far, by its own will or not. */
  readonly stops: readonly ArrivedStop[]
  standing(node: string): Promise<NodeStanding>
  flows(): Promise<readonly LiveFlow[]>
  /** Kills its process, which cannot log anything. */
  kill(node: string): Promise<void>
  redial(from: string, to: string): Promise<void>
  /** Calls back when an event or a node state is new. @returns ends it */
  onNews(listener: () => void): () => void
  end(): Promise<void>
}

export interface ArrivedEvent {
  /** Milliseconds since the scenario began; nodes may have clocks of their own. */
  readonly atMs: number
  readonly event: NodeEvent
}

export interface ArrivedStop {
  readonly atMs: number
  readonly node: string
  /** `exit 1`, `SIGKILL`. */
  readonly how: string
}

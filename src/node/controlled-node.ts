/** A node as its control socket sees it: what may be asked of it and changed in it. `Service` is one. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { Clock } from '../sip/clock.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import type { Administered } from './administration.ts'
import type { ChangeReport, NodeStatus } from './control/control-api.ts'
import type { SignOffCause } from './notifications.ts'
import type { Recorder } from './recorder.ts'
import type { ServiceLinks } from './service-links.ts'
import type { Stack } from './stack.ts'
import type { Stores } from './stores.ts'
import type { WireLog } from './wire/wire-log.ts'

/** What happened to an account whose clients are signed off. */
export type AccountChange = Exclude<SignOffCause, 'drained'>

export interface ControlledNode {
  readonly plan: NodePlan
  readonly clock: Clock
  readonly lab: LabPlan
  readonly stores: Stores | undefined
  readonly status: NodeStatus
  readonly administered: Administered
  readonly links: ServiceLinks
  readonly recorder: Recorder
  readonly wire: WireLog
  /** Absent while the stack is not open. */
  readonly stack: Stack | undefined
  askStores(): Promise<readonly Verdict[]>
  forgetAccounts(): void
  forgetUser(aor: string, because: AccountChange): Promise<void>
  /** Reads the files of the node again. */
  reload(): Promise<ChangeReport>
  drain(): Promise<void>
  stop(): Promise<void>
}

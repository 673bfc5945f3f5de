/** What a command needs to work on a lab that runs: its folder, its plan, and how to speak to its processes. */
import type { LabPlan } from '../topology/plan-types.ts'
import type { ControlClient } from './control-client.ts'

export interface RunningLabAccess {
  /** Its data folder. */
  readonly root: string
  readonly plan: LabPlan
  /** Speaks to the control socket of a node. */
  readonly clientOf: (node: string) => ControlClient
  /** Speaks to the process that holds the nodes: starts and stops them. */
  readonly supervisor: () => ControlClient
}

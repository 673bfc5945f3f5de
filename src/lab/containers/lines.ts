/** What passes between a siplab outside the container lab and the one inside it: one JSON document a line, each way. */
import type { NodeEvent } from '../../node/control/control-api.ts'
import type { ContainerRequest } from './container-host.ts'
import type { CommandOutcome } from '../scenario/driver.ts'

export type ToInside =
  /** A siplab command, without `--data` and `--json`. */
  | { readonly kind: 'command'; readonly id: number; readonly args: readonly string[] }
  /** One request to the control socket of a node; a POST when there is a body. */
  | { readonly kind: 'ask'; readonly id: number; readonly node: string; readonly path: string; readonly body?: unknown }
  /** How a node ended, as the record of the lab has it. */
  | { readonly kind: 'standing'; readonly id: number; readonly node: string }
  | { readonly kind: 'wish-done'; readonly id: number; readonly error?: string }

export type ToOutside =
  | { readonly kind: 'attending' }
  | { readonly kind: 'event'; readonly event: NodeEvent }
  | { readonly kind: 'wish'; readonly wish: ContainerRequest }
  | { readonly kind: 'outcome'; readonly id: number; readonly outcome: CommandOutcome }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }

/** The options of `siplab up`, which `--detach` hands on. */
import type { CommonOptions } from './command.ts'
import type { PlacementOptions } from './topology-options.ts'
import type { WireOptions } from './wire-options.ts'

export interface UpCommandOptions extends CommonOptions, PlacementOptions, WireOptions {
  readonly detach?: true
  /** Serve the page of the lab as long as the lab is up. */
  readonly console?: true
  readonly fresh?: true
  readonly movableClock?: true
  /** The peer that the gateway of the lab plays. */
  readonly peer?: string
  /** With `peer`: by the rules of this day. */
  readonly on?: string
  /** The lab goes down when standard input ends: whoever started it has gone, however it ended. */
  readonly supervised?: true
}

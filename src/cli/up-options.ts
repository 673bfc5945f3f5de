/** The options of `siplab up`, which `--detach` hands on. */
import type { CommonOptions } from './command.ts'
import type { PlacementOptions } from './topology-options.ts'

export interface UpCommandOptions extends CommonOptions, PlacementOptions {
  readonly detach?: true
  readonly fresh?: true
  readonly movableClock?: true
}

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
  /** The lab goes down when standard input ends: the parent process has ended, in whatever way. */
  readonly supervised?: true
}

/** The same `siplab up` again, in the foreground. */
export function upArguments(source: string, data: string, options: UpCommandOptions): readonly string[] {
  return ['up', source, '--data', data, ...(options.json === true ? ['--json'] : []), ...upOptions(options)]
}

function upOptions({
  network,
  port,
  fresh,
  movableClock,
  supervised,
  keep,
  keyLog,
  expose,
  hep,
}: UpCommandOptions): readonly string[] {
  return [
    ...(network === undefined ? [] : ['--network', network]),
    ...port.flatMap((each) => ['--port', each]),
    ...(fresh === true ? ['--fresh'] : []),
    ...(movableClock === true ? ['--movable-clock'] : []),
    ...(supervised === true ? ['--supervised'] : []),
    ...(keep === undefined ? [] : ['--keep', keep]),
    ...(keyLog === undefined ? [] : ['--key-log', keyLog]),
    ...(hep === undefined ? [] : ['--hep', hep]),
    ...(expose === undefined ? [] : ['--expose', expose]),
  ]
}

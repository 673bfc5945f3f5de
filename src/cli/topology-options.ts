/** What `up`, `plan` and `node start` share: which topology, in which network, on which ports. */
import { existsSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { configFolder, loadTopology, topologyNames } from '../topology/load.ts'
import type { Topology } from '../topology/topology.ts'
import { UsageError } from './usage-error.ts'
import type { Io } from './io.ts'
import type { Addressing } from '../topology/plan-types.ts'

export const defaultTopology = 'edge'

export interface PlacementOptions {
  readonly network?: string
  readonly port: readonly string[]
  /** Of `exposing` commands. */
  readonly expose?: string
}

const portNames = ['edge', 'wss', 'dns', 'pki'] as const

export function placement(command: Command): Command {
  return command
    .option('--network <N>', 'use only 127.0.N.0/24; with ipv6 or ipv6:N, use addresses of fd51:1ab:N::/48')
    .option(
      '--port <NAME=PORT>',
      `use another port for one of ${portNames.join(', ')}; may be given several times`,
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
}

/** `--expose outer=ADDRESS`, of the commands that plan a lab on this machine. */
export function exposing(command: Command): Command {
  return command.option(
    '--expose <outer=ADDRESS>',
    'open the external side of the access proxy on this address, which other machines can reach',
  )
}

export interface ChosenTopology {
  readonly topology: Topology
  /** A shipped name, or the absolute path of a lab file: means the same in every folder. */
  readonly source: string
}

/** `edge`, or a file: `my/lab.yaml`, also a bare name that is a file here and no shipped topology. */
export function chooseTopology(io: Io, nameOrFile: string = defaultTopology): ChosenTopology {
  const isShipped = topologyNames(configFolder()).includes(nameOrFile)
  const path = resolve(io.workingFolder, nameOrFile)
  const isFile = !isShipped && (nameOrFile.includes('/') || /\.ya?ml$/.test(nameOrFile) || existsSync(path))
  return {
    topology: loadTopology(isFile ? shownPath(nameOrFile) : nameOrFile, configFolder()),
    source: isFile ? path : nameOrFile,
  }
}

/** @throws UsageError */
export function readPlacement({ network, port, expose }: PlacementOptions): Placement {
  const ports = Object.fromEntries(port.map(readPort))
  const exposed = expose === undefined ? {} : { expose: readExposure(expose) }
  if (network === undefined) return { ports, ...exposed }
  const [, plain, ipv6, ofIpv6] = /^(?:(\d{1,3})|(ipv6)(?::(\d{1,3}))?)$/.exec(network) ?? []
  const digits = plain ?? ofIpv6
  const number = digits === undefined ? undefined : Number(digits)
  if ((ipv6 ?? number) === undefined || (number !== undefined && (number < 1 || number > 254)))
    throw new UsageError(
      '--network: wanted a number from 1 to 254, the N of 127.0.N.0/24, or ipv6, or ipv6:N for fd51:1ab:N::/48, ' +
        `found ${JSON.stringify(network)}`,
    )
  return {
    ports,
    ...exposed,
    ...(number === undefined ? {} : { network: number }),
    addressing: ipv6 === undefined ? 'loopback' : 'ipv6',
  }
}

/** Where a lab goes, as `planLab` takes it. */
export interface Placement {
  readonly network?: number
  /** Absent: as the lab file has it. */
  readonly addressing?: 'loopback' | 'ipv6'
  readonly ports: Readonly<Record<string, number>>
  readonly expose?: { readonly outer: string }
}

function readExposure(text: string): { readonly outer: string } {
  const [, outer = ''] = /^outer=(.*)$/.exec(text) ?? []
  if (isIPv4(outer) && outer !== '0.0.0.0') return { outer }
  throw new UsageError(
    `--expose: wanted outer=ADDRESS with one IPv4 address of this machine, such as outer=192.0.2.10, found ` +
      JSON.stringify(text),
  )
}

/** `--network N` of a scenario, which runs on loopback. @throws UsageError */
export function readLoopbackNetwork(text: string): number {
  const { network } = /^\d+$/.test(text) ? readPlacement({ network: text, port: [] }) : {}
  if (network !== undefined) return network
  throw new UsageError(`--network: wanted a number from 1 to 254, the N of 127.0.N.0/24, found ${JSON.stringify(text)}`)
}

/** What `--network` was, for another siplab: `41`, `ipv6:41`. */
export function networkOption(addressing: Addressing, network: number): string {
  return addressing === 'ipv6' ? `ipv6:${network}` : String(network)
}

/** `--containers`, or the environment: `SIPLAB_ADDRESSING=containers` or `cluster`. Else the lab file says it. */
export function readAddressing(
  { environment }: Io,
  { containers }: { readonly containers?: true },
): { readonly addressing?: 'loopback' | 'containers' | 'cluster' } {
  const asked = environment['SIPLAB_ADDRESSING']
  if (asked !== undefined && asked !== 'loopback' && asked !== 'containers' && asked !== 'cluster')
    throw new UsageError(`SIPLAB_ADDRESSING: wanted loopback, containers or cluster, found ${JSON.stringify(asked)}`)
  const addressing = containers === true ? 'containers' : asked
  return addressing === undefined ? {} : { addressing }
}

function readPort(text: string): readonly [string, number] {
  const [, name = '', digits = ''] = /^([a-z]+)=(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (!portNames.some((known) => known === name) || port < 1 || port > 65535) {
    throw new UsageError(
      `--port: wanted ${portNames.map((known) => `${known}=PORT`).join(', ')}, found ${JSON.stringify(text)}`,
    )
  }
  return [name, port]
}

/** A bare file name would be taken for a shipped topology. */
function shownPath(nameOrFile: string): string {
  return nameOrFile.includes('/') ? nameOrFile : `./${nameOrFile}`
}

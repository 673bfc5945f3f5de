/** The nodes of a lab on this machine: each is a process, `siplab node start`, and ends with its supervisor. */
import { mkdirSync } from 'node:fs'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import { movableClock } from '../clock.ts'
import type { Exposure } from '../expose.ts'
import type { HostListener, NodeHost } from '../node-host.ts'
import { NodeProcess } from './node-process.ts'
import type { PreparedSql } from './sql/prepare.ts'

export interface ProcessHostOptions {
  readonly plan: LabPlan
  /** What `loadTopology` took. */
  readonly source: string
  /** Data folder of the lab. */
  readonly root: string
  readonly ports: Readonly<Record<string, number>>
  /** `--expose`. */
  readonly expose?: Exposure
  readonly movableClock: boolean
  /** Program and first arguments of a siplab process. */
  readonly launcher: readonly string[]
  /** Of every node. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly sql: PreparedSql
}

export class ProcessHost implements NodeHost {
  readonly nodes: readonly NodeProcess[]
  readonly routes = {}

  constructor(options: ProcessHostOptions, listener: HostListener) {
    const { plan: lab, root, environment, sql } = options
    this.nodes = lab.nodes
      .filter((plan) => plan.role !== 'sql' || sql.has(plan))
      .map((plan) => {
        const own = { ...environment, ...sql.environmentOf(plan), ...clockOf(options, plan) }
        return new NodeProcess({ plan, labFolder: root, command: commandOf(options, plan), environment: own }, listener)
      })
  }

  /** Nothing to close: the events of a process are read until it ends. */
  close(): void {}
}

function commandOf(
  { launcher, source, root, ports, expose, plan }: ProcessHostOptions,
  { name }: NodePlan,
): readonly string[] {
  const portOptions = Object.entries(ports).flatMap(([listener, port]) => ['--port', `${listener}=${port}`])
  return [
    ...launcher,
    'node',
    'start',
    name,
    '--supervised',
    '--topology',
    source,
    '--data',
    root,
    '--network',
    `${plan.addressing === 'ipv6' ? 'ipv6:' : ''}${plan.network}`,
    ...portOptions,
    ...(expose === undefined ? [] : ['--expose', `outer=${expose.outer}`]),
  ]
}

function clockOf(options: ProcessHostOptions, { name, clock = '+0' }: NodePlan): Readonly<Record<string, string>> {
  if (!options.movableClock) return {}
  const { root } = nodeFolder(options.root, name)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  return movableClock(root, clock)
}

/** What the manifests of both kinds of cluster are made of: who runs, with which secret, and by which command. */
import { longestDrainSeconds } from '../drain-time.ts'
import type { LabPlan, Listener, NodePlan, StorePlan } from '../plan-types.ts'

type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml }
export type Group = { readonly [key: string]: Yaml }

/** No folder of the image: a tmpfs over one that is there is root's, and closed to the user of the image. */
export const dataFolder = '/run/siplab'
export const postgresImage = 'postgres:17-bookworm'
export const haproxyImage = 'haproxy:3.0-bookworm'
/** Tells a command in a container to plan with names of services. */
export const clusterEnvironment = { SIPLAB_ADDRESSING: 'cluster' } as const

export interface ClusterLab {
  readonly plan: LabPlan
  readonly store: Extract<StorePlan, { kind: 'postgres' }>
}

/** What a lab lacks to be spread over machines; undefined for one that can be. */
export function whyNoCluster({ topology, organisations, foreign }: LabPlan): string | undefined {
  const wants = (wanted: string, found: string): string =>
    `${topology}: a cluster wants ${wanted}; found ${found}. siplab plan edge-pool --format swarm shows one that fits`
  if (organisations.length !== 1)
    return wants('one organisation, since each has a cluster of its own', `${organisations.length}`)
  if (foreign.length > 0) return wants('hosts of the lab alone', `the foreign host ${foreign[0]?.name ?? ''}`)
  if (organisations[0]?.store.kind !== 'postgres')
    return wants('a host of role sql, a store that every machine reaches', 'a store in files of one machine')
  return undefined
}

/**
 * @param plan a plan with `addressing: 'cluster'`
 * @throws RangeError for another one, and for a lab that cannot be spread over machines
 */
export function clusterLab(plan: LabPlan): ClusterLab {
  if (plan.addressing !== 'cluster')
    throw new RangeError('wanted a plan with the names of a cluster, found one with addresses')
  const store = plan.organisations[0]?.store
  const reason = whyNoCluster(plan)
  if (reason !== undefined || store?.kind !== 'postgres') throw new RangeError(reason)
  return { plan, store }
}

/** Those that run siplab; the others are HAProxy and PostgreSQL. */
export function runsSiplab({ role }: NodePlan): boolean {
  return role !== 'sql' && role !== 'load-balancer'
}

/** `edge-pool-fe1`: two labs of one cluster keep their secrets apart. */
export function secretName({ topology }: LabPlan, name: string): string {
  return `${topology}-${name}`
}

/** Nodes with a folder of keys and lists, the PKI host with what it serves. */
export function keyHolders({ nodes }: LabPlan): readonly NodePlan[] {
  return nodes.filter((node) => node.certificates.length > 0 || node.role === 'pki')
}

export function usesStore({ settings }: NodePlan): boolean {
  return 'store' in settings && settings.store.kind === 'postgres'
}

/** Where the secret of a node is unpacked to. */
function folderOf({ role, name }: NodePlan): string {
  return role === 'pki' ? `${dataFolder}/pki` : `${dataFolder}/nodes/${name}`
}

/**
 * The command of a node, for `sh -c`: unpacks its secret, which only that process sees, and becomes the node.
 *
 * @param secrets the folder where secrets are mounted, e.g. `/run/secrets`
 */
export function nodeScript(plan: LabPlan, node: NodePlan, secrets: string): string {
  const folder = folderOf(node)
  const unpack = keyHolders(plan).includes(node)
    ? [`mkdir -p ${folder}`, `tar -xf ${secrets}/${node.name}/node.tar -C ${folder}`]
    : []
  const store = usesStore(node) ? [`export SIPLAB_STORE_URL="$(cat ${secrets}/store/url)"`] : []
  const start = `exec siplab node start ${node.name} --topology ${plan.topology} --data ${dataFolder} --log-format text`
  return [...unpack, ...store, start].join(' && ')
}

/** The users and lists of the topology, into the store. */
export function seedScript({ topology }: LabPlan, secrets: string): string {
  return (
    `export SIPLAB_STORE_URL="$(cat ${secrets}/store/url)" && ` +
    `exec siplab users seed --topology ${topology} --data ${dataFolder}`
  )
}

/** The ports of one face, each once; dialled, and opened by the process. */
export function portsOf(node: NodePlan, face: 'internal' | 'external'): readonly PortPair[] {
  const { settings } = node
  if (settings.kind === 'pki') return face === 'internal' ? [{ dialled: settings.port, opened: settings.port }] : []
  if (settings.kind === 'sql') return face === 'internal' ? [{ dialled: settings.port, opened: settings.port }] : []
  const pairs = node.listeners.filter((listener) => listener.face === face).map(portPair)
  return [...new Map(pairs.map((pair) => [pair.dialled, pair])).values()]
}

export interface PortPair {
  readonly dialled: number
  readonly opened: number
}

function portPair({ port, bound = port }: Listener): PortPair {
  return { dialled: port, opened: bound }
}

/** Nodes that must not run on one machine: the members of a pool, and hosts of one role. */
export function spreadGroup({ role, settings }: NodePlan): string {
  return 'members' in settings && settings.members.length > 1 ? (settings.home.split('.')[0] ?? role) : role
}

/** Comment lines on top of a manifest. */
export function heading(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n')
}

export const drainText =
  'SIGTERM drains: nothing new is taken, and what is in progress has ' + `${longestDrainSeconds} s to end.`

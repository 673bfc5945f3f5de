/**
 * The lab as a docker-compose.yml, in the subset that Compose v2 and docker-compose 1.29 share. Three networks for the
 * three zones; names, addresses, certificates and DNS come from the same topology file as on loopback.
 */
import { stringify } from 'yaml'
import type { LabPlan, NodePlan, StorePlan, Zone } from '../plan-types.ts'
import type { Group } from './cluster.ts'
import { stopGraceSeconds } from '../drain-time.ts'
import { renderHaproxy } from './haproxy.ts'

const dataFolder = '/data'

/** Tells a command to plan with container addresses and ports. */
const containerAddresses = { SIPLAB_ADDRESSING: 'containers' } as const

export interface ComposeOptions {
  /** The lab file as a container sees it; the name of a shipped one when absent. */
  readonly topologyFile?: string
  /** Folder of the Dockerfile, seen from the compose file. */
  readonly context?: string
}

/**
 * @param plan a plan with `addressing: 'containers'`
 * @throws RangeError for a plan with loopback addresses
 */
export function renderCompose(
  plan: LabPlan,
  { topologyFile = plan.topology, context = '.' }: ComposeOptions = {},
): string {
  if (plan.addressing !== 'containers')
    throw new RangeError('wanted a plan with container addresses, found one with loopback addresses')
  const lab = { plan, topologyFile, image: siplabImage(context) }
  const services = Object.fromEntries([
    ...oneShots(lab),
    ['lab', labService(lab)],
    ...plan.nodes.map((node) => [node.name, serviceOf(lab, node)]),
  ])
  const volumes = Object.fromEntries(volumeNames(plan).map((name) => [name, {}]))
  const header = [
    `${plan.topology}: ${plan.about}`,
    `Written by: siplab plan ${plan.topology} --format compose. Edit the topology, not this file.`,
    'COMPOSE_FILE=compose/NAME.yml chooses another topology. NODE_IMAGE, POSTGRES_IMAGE and HAPROXY_IMAGE choose ' +
      'the base images;',
    'SIPLAB_MOVABLE_CLOCK=1 gives every node a clock that siplab clock moves. docs/containers.md explains.',
  ]
  // docker-compose 1.29 reads YAML 1.1, where a bare no is false.
  const body = stringify(
    { services, networks: networks(plan), volumes },
    { aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' },
  )
  return `${header.map((line) => `# ${line}`).join('\n')}\n${body}`
}

interface Lab {
  readonly plan: LabPlan
  readonly topologyFile: string
  readonly image: Group
}

/** What runs once before any node: certificates for all who need one, and the directory of each organisation. */
function oneShots(lab: Lab): readonly (readonly [string, Group])[] {
  return [
    ...(hasCertificates(lab.plan) ? [['certs', certsService(lab)] as const] : []),
    ['directory', directoryService(lab)],
  ]
}

function hasCertificates({ certificates }: LabPlan): boolean {
  return certificates.length > 0
}

/** Makes every certificate that is missing, each into the volume of its node. */
function certsService({ plan, topologyFile, image }: Lab): Group {
  return {
    ...image,
    command: ['siplab', 'certs', 'init', '--topology', topologyFile, '--data', dataFolder],
    environment: containerAddresses,
    ...confined,
    network_mode: 'none',
    volumes: everyFolder(plan),
  }
}

/** Writes the lists of the topology and its users. It sees the store and no key. */
function directoryService({ plan, topologyFile, image }: Lab): Group {
  const { store } = plan.organisations[0] ?? { store: undefined }
  const sql = plan.nodes.find(({ role }) => role === 'sql')
  const inDatabase = store?.kind === 'postgres' && sql !== undefined
  return {
    ...image,
    command: ['siplab', 'users', 'seed', '--topology', topologyFile, '--data', dataFolder],
    environment: { ...containerAddresses, ...(inDatabase ? { SIPLAB_STORE_URL: storeUrl(store) } : {}) },
    ...confined,
    ...(inDatabase
      ? {
          depends_on: { [sql.name]: { condition: 'service_healthy' } },
          networks: [networkName(plan, sql.organisation, 'internal')],
        }
      : { network_mode: 'none', volumes: [`${volumeOf(plan, 'store')}:${dataFolder}`] }),
  }
}

/**
 * Where the commands of `--lab compose` run: it reaches every node by the control socket in its volume, and has no
 * network.
 */
function labService({ plan, topologyFile, image }: Lab): Group {
  return {
    ...image,
    command: [
      'siplab',
      'supervise',
      '--topology',
      topologyFile,
      '--network',
      String(plan.network),
      '--data',
      dataFolder,
    ],
    environment: { ...containerAddresses, ...movableClock },
    ...confined,
    ...(hasCertificates(plan) ? { depends_on: { certs: { condition: 'service_completed_successfully' } } } : {}),
    network_mode: 'none',
    volumes: [`${volumeOf(plan, 'lab')}:${dataFolder}`, ...everyFolder(plan)],
  }
}

function everyFolder(plan: LabPlan): readonly string[] {
  return [
    `${volumeOf(plan, 'pki')}:${dataFolder}/pki`,
    ...(plan.foreign.length === 0 ? [] : [`${volumeOf(plan, 'foreign')}:${dataFolder}/foreign`]),
    ...plan.nodes.filter(runsSiplab).map(({ name }) => nodeFolder(plan, name)),
  ]
}

function nodeFolder(plan: LabPlan, node: string): string {
  return `${volumeOf(plan, node)}:${dataFolder}/nodes/${node}`
}

function serviceOf(lab: Lab, node: NodePlan): Group {
  if (node.role === 'sql') return sqlService(lab.plan, node)
  if (node.role === 'load-balancer') return balancerService(lab.plan, node)
  return siplabService(lab, node)
}

function siplabService({ plan, topologyFile, image }: Lab, node: NodePlan): Group {
  const store = storeOf(node)
  const start = ['siplab', 'node', 'start', node.name, '--topology', topologyFile, '--network', String(plan.network)]
  const before = dependencies(plan, node)
  return {
    ...image,
    command: [...start, '--data', dataFolder, '--log-format', 'text'],
    hostname: node.fqdn,
    environment: {
      ...containerAddresses,
      ...movableClock,
      ...(store?.kind === 'postgres' ? { SIPLAB_STORE_URL: storeUrl(store) } : {}),
    },
    ...confined,
    sysctls: unprivileged,
    ...(Object.keys(before).length === 0 ? {} : { depends_on: before }),
    healthcheck: {
      test: ['CMD', 'siplab-healthy', node.name, dataFolder],
      interval: isGround(node) ? '2s' : '4s',
      timeout: '5s',
      retries: 3,
      start_period: '30s',
    },
    stop_grace_period: `${stopGraceSeconds}s`,
    networks: attachments(plan, node),
    ...(node.role === 'access-proxy' && node.organisation === plan.domain ? { ports: publishedPorts(node) } : {}),
    volumes: nodeVolumes(plan, node),
  }
}

function storeOf({ settings }: NodePlan): StorePlan | undefined {
  return 'store' in settings ? settings.store : undefined
}

/** DNS and PKI. */
function isGround({ role }: NodePlan): boolean {
  return role === 'dns' || role === 'pki'
}

/** What has ended, and what answers, before a node starts. */
function dependencies(plan: LabPlan, node: NodePlan): Group {
  const ended = [...(hasCertificates(plan) ? ['certs'] : []), ...(storeOf(node) === undefined ? [] : ['directory'])]
  return {
    ...conditions(ended, 'service_completed_successfully'),
    ...conditions(isGround(node) ? [] : groundOf(plan, node), 'service_healthy'),
  }
}

/** Names and revocation lists first: who starts later may need them at once. */
function groundOf(plan: LabPlan, { organisation }: NodePlan): readonly string[] {
  return plan.nodes.filter((node) => node.organisation === organisation && isGround(node)).map(({ name }) => name)
}

function conditions(services: readonly string[], condition: string): Group {
  return Object.fromEntries(services.map((name) => [name, { condition }]))
}

const movableClock = { SIPLAB_MOVABLE_CLOCK: '${SIPLAB_MOVABLE_CLOCK:-}' } as const

function siplabImage(context: string): Group {
  return {
    image: '${SIPLAB_IMAGE:-siplab}',
    build: { context, args: { NODE_IMAGE: '${NODE_IMAGE:-node:24-bookworm-slim}' } },
  }
}

/** A service that shut down stays visible; the root file system is read-only, and no capability is left. */
const confined = {
  restart: 'no',
  init: true,
  read_only: true,
  tmpfs: ['/tmp'],
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
} as const

/** Ports below 1024 without a privilege; and no packet crosses a host that is in two networks. */
const unprivileged = { 'net.ipv4.ip_unprivileged_port_start': 0, 'net.ipv4.ip_forward': 0 } as const

function sqlService(plan: LabPlan, node: NodePlan): Group {
  return {
    image: '${POSTGRES_IMAGE:-postgres:17-bookworm}',
    hostname: node.fqdn,
    restart: 'no',
    init: true,
    environment: { POSTGRES_USER: 'siplab', POSTGRES_PASSWORD: 'siplab', POSTGRES_DB: 'siplab' },
    healthcheck: { test: ['CMD', 'pg_isready', '--username', 'siplab'], interval: '2s', timeout: '5s', retries: 30 },
    networks: attachments(plan, node),
    volumes: [`${volumeOf(plan, node.name)}:/var/lib/postgresql/data`],
  }
}

/** The configuration travels in the environment: neither tool can carry a small file without a swarm. */
function balancerService(plan: LabPlan, node: NodePlan): Group {
  return {
    image: '${HAPROXY_IMAGE:-haproxy:3.0-bookworm}',
    hostname: node.fqdn,
    restart: 'no',
    init: true,
    read_only: true,
    tmpfs: ['/tmp'],
    environment: { HAPROXY_CONFIGURATION: renderHaproxy(node) },
    entrypoint: [
      'sh',
      '-c',
      'printf %s "$$HAPROXY_CONFIGURATION" > /tmp/haproxy.cfg && exec haproxy -db -f /tmp/haproxy.cfg',
    ],
    networks: attachments(plan, node),
  }
}

function storeUrl({ host, port, database }: Extract<StorePlan, { kind: 'postgres' }>): string {
  return `postgres://siplab:siplab@${host}:${port}/${database}`
}

function publishedPorts(node: NodePlan): readonly string[] {
  const ports = [...new Set(node.listeners.filter(({ face }) => face === 'external').map(({ port }) => port))]
  return ports.map((port) => `127.0.0.1:\${SIPLAB_PUBLISH_${port}:-${port < 1024 ? port + 10_000 : port}}:${port}`)
}

function nodeVolumes(plan: LabPlan, node: NodePlan): readonly string[] {
  const own = nodeFolder(plan, node.name)
  const stores =
    'store' in node.settings && node.settings.store.kind === 'sqlite'
      ? [`${volumeOf(plan, 'store')}:${dataFolder}`]
      : []
  return node.role === 'pki' ? [own, `${volumeOf(plan, 'pki')}:${dataFolder}/pki:ro`] : [...stores, own]
}

function attachments(plan: LabPlan, node: NodePlan): Group {
  const attached = node.faces.flatMap((face) =>
    (Object.entries(face.addresses) as [Zone, string][]).map(([zone, address]) => ({ zone, address, fqdn: face.fqdn })),
  )
  return Object.fromEntries(
    attached.map(({ zone, address, fqdn }) => [
      networkName(plan, node.organisation, zone),
      { ipv4_address: address, aliases: aliases(plan, node, fqdn) },
    ]),
  )
}

/** A pool name without a balancer is one more name of its only front end. */
function aliases(plan: LabPlan, node: NodePlan, fqdn: string): readonly string[] {
  const { settings } = node
  const alone =
    settings.kind === 'front-end' &&
    settings.members.length === 1 &&
    !plan.nodes.some((other) => other.fqdn === settings.home)
  return alone ? [fqdn, settings.home] : [fqdn]
}

function networks(plan: LabPlan): Group {
  const names = plan.nodes.flatMap((node) =>
    node.faces.flatMap((face) =>
      (Object.entries(face.addresses) as [Zone, string][]).map(([zone, address]) => ({
        name: networkName(plan, node.organisation, zone),
        zone,
        address,
      })),
    ),
  )
  return Object.fromEntries(
    names.map(({ name, zone, address }) => [
      name,
      { ...(zone === 'internet' ? {} : { internal: true }), ipam: { config: [addressRange(address)] } },
    ]),
  )
}

/** Planned hosts have fixed addresses; who joins without one, such as a phone, gets one from the upper end. */
function addressRange(address: string): Group {
  const net = address.split('.').slice(0, 3).join('.')
  return { subnet: `${net}.0/24`, ip_range: `${net}.192/26` }
}

function networkName(plan: LabPlan, organisation: string, zone: Zone): string {
  const prefix = plan.organisations.find(({ domain }) => domain === organisation)?.prefix ?? ''
  return zone === 'internet' ? zone : `${prefix}${zone}`
}

function volumeNames(plan: LabPlan): readonly string[] {
  const stores = plan.organisations.some(({ store }) => store.kind === 'sqlite') ? ['store'] : []
  return [
    'pki',
    'lab',
    ...(plan.foreign.length === 0 ? [] : ['foreign']),
    ...stores,
    ...plan.nodes.filter(({ role }) => role !== 'load-balancer').map(({ name }) => name),
  ].map((name) => volumeOf(plan, name))
}

/** Two topologies of one folder do not share volumes: the certificates of one are not those of the other. */
function volumeOf({ topology }: LabPlan, name: string): string {
  return `${topology}_${name}`
}

function runsSiplab({ role }: NodePlan): boolean {
  return role !== 'sql' && role !== 'load-balancer'
}

/**
 * The lab as a docker-compose.yml, in the subset that Compose v2 and docker-compose 1.29 share. Three networks for the three
 * zones; names, addresses, certificates and DNS come from the same topology file as on loopback.
 */
import { stringify } from 'yaml'
import type { LabPlan, NodePlan, StorePlan, Zone } from '../plan-types.ts'
import { renderHaproxy } from './haproxy.ts'

type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml }
type Group = { readonly [key: string]: Yaml }

const dataFolder = '/data'

/** Tells a command to plan with container addresses and ports. */
const containerAddresses = { SIPLAB_ADDRESSING: 'containers' } as const

/**
 * @param plan a plan with `addressing: 'containers'`
 * @param topologyFile the lab file as a container sees it; the name of a shipped one by default
 * @throws RangeError for a plan with loopback addresses
 */
export function renderCompose(plan: LabPlan, topologyFile: string = plan.topology): string {
  if (plan.addressing !== 'containers') throw new RangeError('wanted a plan with container addresses, found one with loopback addresses')
  const services = Object.fromEntries([...oneShots(plan, topologyFile), ...plan.nodes.map((node) => [node.name, serviceOf(plan, node, topologyFile)])])
  const volumes = Object.fromEntries(volumeNames(plan).map((name) => [name, {}]))
  const header = [
    `${plan.topology}: ${plan.about}`,
    `Written by: siplab plan ${plan.topology} --format compose. Edit the topology, not this file.`,
    'COMPOSE_FILE chooses the file of another topology. NODE_IMAGE, POSTGRES_IMAGE and HAPROXY_IMAGE choose the base images.',
  ]
  // docker-compose 1.29 reads YAML 1.1, where a bare no is false.
  const body = stringify({ services, networks: networks(plan), volumes }, { aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' })
  return `${header.map((line) => `# ${line}`).join('\n')}\n${body}`
}

/** What runs once before any node: certificates for all who need one, and the directory of each organisation. */
function oneShots(plan: LabPlan, topologyFile: string): readonly (readonly [string, Group])[] {
  const certs = plan.certificates.length === 0 ? [] : [['certs', certsService(plan, topologyFile)] as const]
  return [...certs, ['directory', directoryService(plan, topologyFile)]]
}

/** Makes every certificate that is missing, each into the volume of its node. */
function certsService(plan: LabPlan, topologyFile: string): Group {
  return {
    ...siplabImage,
    command: ['siplab', 'certs', 'init', '--topology', topologyFile, '--data', dataFolder],
    environment: containerAddresses,
    ...confined,
    network_mode: 'none',
    volumes: [`pki:${dataFolder}/pki`, ...plan.nodes.filter(runsSiplab).map(({ name }) => `${nodeVolume(name)}:${dataFolder}/nodes/${name}`)],
  }
}

/** Writes the lists of the topology and its users. It sees the store and no key. */
function directoryService(plan: LabPlan, topologyFile: string): Group {
  const { store } = plan.organisations[0] ?? { store: undefined }
  const sql = plan.nodes.find(({ role }) => role === 'sql')
  const reach = store?.kind === 'postgres' && sql !== undefined ? { networks: [networkName(plan, sql.organisation, 'internal')], depends_on: { [sql.name]: { condition: 'service_healthy' } } } : { network_mode: 'none', volumes: [`store:${dataFolder}`] }
  return {
    ...siplabImage,
    command: ['siplab', 'users', 'seed', '--topology', topologyFile, '--data', dataFolder],
    environment: { ...containerAddresses, ...(store?.kind === 'postgres' ? { SIPLAB_STORE_URL: storeUrl(store) } : {}) },
    ...confined,
    ...reach,
  }
}

function serviceOf(plan: LabPlan, node: NodePlan, topologyFile: string): Group {
  if (node.role === 'sql') return sqlService(plan, node)
  if (node.role === 'load-balancer') return balancerService(plan, node)
  return siplabService(plan, node, topologyFile)
}

function siplabService(plan: LabPlan, node: NodePlan, topologyFile: string): Group {
  const store = 'store' in node.settings ? node.settings.store : undefined
  const before = [...(plan.certificates.length === 0 ? [] : ['certs']), ...(store === undefined ? [] : ['directory'])]
  const published = node.role === 'access-proxy' && node.organisation === plan.domain ? { ports: publishedPorts(node) } : {}
  return {
    ...siplabImage,
    command: ['siplab', 'node', 'start', node.name, '--topology', topologyFile, '--data', dataFolder],
    hostname: node.fqdn,
    environment: { ...containerAddresses, ...(store?.kind === 'postgres' ? { SIPLAB_STORE_URL: storeUrl(store) } : {}) },
    ...confined,
    sysctls: unprivileged,
    depends_on: Object.fromEntries(before.map((name) => [name, { condition: 'service_completed_successfully' }])),
    healthcheck: { test: ['CMD', 'siplab-healthy', node.name, dataFolder], interval: '4s', timeout: '5s', retries: 3, start_period: '30s' },
    stop_grace_period: '35s',
    networks: attachments(plan, node),
    ...published,
    volumes: nodeVolumes(node),
  }
}

const siplabImage = {
  image: '${SIPLAB_IMAGE:-siplab}',
  build: { context: '.', args: { NODE_IMAGE: '${NODE_IMAGE:-node:24-bookworm-slim}' } },
} as const

/** A service that shut down stays visible; the root file system is read-only, and no capability is left. */
const confined = {
  restart: 'no',
  init: true,
  read_only: true,
  tmpfs: ['/tmp'],
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
} as const

/** Ports below 1024 without a privilege; and no packet crosses a host that stands in two networks. */
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
    volumes: [`${nodeVolume(node.name)}:/var/lib/postgresql/data`],
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
    entrypoint: ['sh', '-c', 'printf %s "$$HAPROXY_CONFIGURATION" > /tmp/haproxy.cfg && exec haproxy -db -f /tmp/haproxy.cfg'],
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

function nodeVolumes(node: NodePlan): readonly string[] {
  const own = `${nodeVolume(node.name)}:${dataFolder}/nodes/${node.name}`
  const stores = 'store' in node.settings && node.settings.store.kind === 'sqlite' ? [`store:${dataFolder}`] : []
  return node.role === 'pki' ? [own, `pki:${dataFolder}/pki`] : [...stores, own]
}

function attachments(plan: LabPlan, node: NodePlan): Group {
  const attached = node.faces.flatMap((face) => (Object.entries(face.addresses) as [Zone, string][]).map(([zone, address]) => ({ zone, address, fqdn: face.fqdn })))
  return Object.fromEntries(attached.map(({ zone, address, fqdn }) => [networkName(plan, node.organisation, zone), { ipv4_address: address, aliases: aliases(plan, node, fqdn) }]))
}

/** A pool name without a balancer is one more name of its only front end. */
function aliases(plan: LabPlan, node: NodePlan, fqdn: string): readonly string[] {
  const { settings } = node
  const alone = settings.kind === 'front-end' && settings.members.length === 1 && !plan.nodes.some((other) => other.fqdn === settings.home)
  return alone ? [fqdn, settings.home] : [fqdn]
}

function networks(plan: LabPlan): Group {
  const names = plan.nodes.flatMap((node) => node.faces.flatMap((face) => (Object.entries(face.addresses) as [Zone, string][]).map(([zone, address]) => ({ name: networkName(plan, node.organisation, zone), zone, address }))))
  return Object.fromEntries(
    names.map(({ name, zone, address }) => [name, { ...(zone === 'internet' ? {} : { internal: true }), ipam: { config: [addressRange(address)] } }]),
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
  return ['pki', ...stores, ...plan.nodes.filter(({ role }) => role !== 'load-balancer').map(({ name }) => nodeVolume(name))]
}

function nodeVolume(node: string): string {
  return `node-${node}`
}

function runsSiplab({ role }: NodePlan): boolean {
  return role !== 'sql' && role !== 'load-balancer'
}

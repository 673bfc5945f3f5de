/**
 * The lab as a stack for `docker stack deploy`: one service a node, found by its name wherever it runs. Overlay networks
 * for the three zones; keys come as secrets that are made beforehand, by the commands in its first lines.
 */
import { stringify } from 'yaml'
import { stopGraceSeconds } from '../drain-time.ts'
import type { LabPlan, NodePlan, Zone } from '../plan-types.ts'
import {
  clusterEnvironment,
  type ClusterLab,
  clusterLab,
  dataFolder,
  drainText,
  type Group,
  haproxyImage,
  heading,
  keyHolders,
  nodeScript,
  portsOf,
  postgresImage,
  secretName,
  seedScript,
  usesStore,
} from './cluster.ts'
import { renderHaproxy } from './haproxy.ts'
import { serviceName } from '../addressing.ts'

const secrets = '/run/secrets'
const storeSecret = 'store'

/**
 * @param plan a plan with `addressing: 'cluster'`
 * @throws RangeError for a plan with addresses, or of a lab that cannot be spread over machines
 */
export function renderSwarm(plan: LabPlan): string {
  const lab = clusterLab(plan)
  const services = Object.fromEntries([
    ...plan.nodes.map((node) => [node.name, serviceOf(lab, node)] as const),
    ['directory', directoryService(lab)] as const,
  ])
  const body = stringify(
    {
      version: '3.8',
      services,
      networks: Object.fromEntries(zonesOf(plan).map((zone) => [zone, network(zone)])),
      volumes: Object.fromEntries(plan.nodes.filter(({ role }) => role === 'sql').map(({ name }) => [name, {}])),
      secrets: Object.fromEntries(
        secretsOf(plan).map((name) => [name, { external: true, name: secretName(plan, name) }] as const),
      ),
    },
    { aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' },
  )
  return `${heading(instructions(lab))}\n${body}`
}

function secretsOf(plan: LabPlan): readonly string[] {
  return [...keyHolders(plan).map(({ name }) => name), 'store', 'store-password']
}

/** Every command once, in the order in which they are needed. */
function instructions({ plan, store }: ClusterLab): readonly string[] {
  const { topology } = plan
  const holders = keyHolders(plan).filter(({ role }) => role !== 'pki')
  const address = `postgres://siplab:%s@${store.address}:${store.port}/${store.database}`
  return [
    `${topology}: ${plan.about}`,
    `Written by: siplab plan ${topology} --format swarm. Edit the topology, not this file.`,
    '',
    'On a manager, once. The keys of the authorities stay in the folder keys, and no container sees them.',
    `  SIPLAB_ADDRESSING=cluster siplab certs init --topology ${topology} --data keys`,
    `  for node in ${holders.map(({ name }) => name).join(' ')}; do`,
    `    tar -C keys/nodes/$node -cf - . | docker secret create ${secretName(plan, '$node')} -`,
    '  done',
    ...(holders.length === 0
      ? []
      : [`  tar -C keys/pki --exclude=./private -cf - . | docker secret create ${secretName(plan, 'pki')} -`]),
    '  password=$(openssl rand -hex 16)',
    `  printf %s "$password" | docker secret create ${secretName(plan, 'store-password')} -`,
    `  printf '${address}' "$password" | docker secret create ${secretName(plan, storeSecret)} -`,
    '  docker node update --label-add siplab.store=yes NODE    # the machine that keeps the database',
    `  docker stack deploy --compose-file ${topology}.swarm.yml ${topology}`,
    '',
    'SIPLAB_IMAGE, POSTGRES_IMAGE and HAPROXY_IMAGE choose images, which every machine must be able to pull.',
    'Healthy means ready here: a swarm ends a task that is not healthy, and gives it no name before it is. A check of',
    `links would end servers whose neighbour is away. ${drainText}`,
  ]
}

function serviceOf(lab: ClusterLab, node: NodePlan): Group {
  if (node.role === 'sql') return sqlService(lab, node)
  if (node.role === 'load-balancer') return balancerService(node)
  return siplabService(lab, node)
}

function siplabService({ plan }: ClusterLab, node: NodePlan): Group {
  const own = keyHolders(plan).includes(node) ? [mounted(node.name, `${node.name}/node.tar`)] : []
  const store = usesStore(node) ? [mounted(storeSecret, 'store/url')] : []
  const ports = portsOf(node, 'external').map(({ dialled, opened }) => ({
    target: opened,
    published: `\${SIPLAB_PUBLISH_${dialled}:-${dialled}}`,
    protocol: 'tcp',
    // Through the mesh every client would come from one address, and Via, limits and logs would name the mesh.
    mode: 'host',
  }))
  return {
    image: '${SIPLAB_IMAGE:-siplab}',
    command: ['sh', '-c', escaped(nodeScript(plan, node, secrets))],
    environment: clusterEnvironment,
    ...confined,
    healthcheck: {
      test: ['CMD', 'siplab-healthy', node.name, dataFolder, '--ready'],
      // Not healthy ends the task, and a busy machine is no reason for that.
      interval: '5s',
      timeout: '20s',
      retries: 6,
      start_period: '90s',
    },
    stop_grace_period: `${stopGraceSeconds}s`,
    networks: attachments(node),
    ...(ports.length === 0 ? {} : { ports }),
    secrets: [...own, ...store],
    deploy: oneTask,
  }
}

/** Fills the lists and users of the topology in, and tries again until the database is there. */
function directoryService({ plan }: ClusterLab): Group {
  return {
    image: '${SIPLAB_IMAGE:-siplab}',
    command: ['sh', '-c', escaped(seedScript(plan, secrets))],
    environment: clusterEnvironment,
    ...confined,
    networks: { internal: {} },
    secrets: [mounted(storeSecret, 'store/url')],
    deploy: { replicas: 1, restart_policy: { condition: 'on-failure', delay: '3s' } },
  }
}

function sqlService({ store }: ClusterLab, node: NodePlan): Group {
  return {
    image: `\${POSTGRES_IMAGE:-${postgresImage}}`,
    environment: {
      POSTGRES_USER: 'siplab',
      POSTGRES_DB: store.database,
      POSTGRES_PASSWORD_FILE: `${secrets}/store-password`,
    },
    healthcheck: { test: ['CMD', 'pg_isready', '--username', 'siplab'], interval: '4s', timeout: '5s', retries: 30 },
    networks: attachments(node),
    volumes: [`${node.name}:/var/lib/postgresql/data`],
    secrets: ['store-password'],
    // A volume is one machine's.
    deploy: { ...oneTask, placement: { max_replicas_per_node: 1, constraints: ['node.labels.siplab.store == yes'] } },
  }
}

function balancerService(node: NodePlan): Group {
  return {
    image: `\${HAPROXY_IMAGE:-${haproxyImage}}`,
    environment: { HAPROXY_CONFIGURATION: renderHaproxy(node, { followsNames: true }) },
    entrypoint: [
      'sh',
      '-c',
      'printf %s "$$HAPROXY_CONFIGURATION" > /tmp/haproxy.cfg && exec haproxy -db -f /tmp/haproxy.cfg',
    ],
    read_only: true,
    volumes: [{ type: 'tmpfs', target: '/tmp' }],
    networks: attachments(node),
    deploy: oneTask,
  }
}

/**
 * One process has the name and the keys of a node, so there is one task, and the old one ends before the new one starts.
 * A swarm spreads services over its machines by itself, and knows no rule that keeps two of them apart.
 */
const oneTask = {
  replicas: 1,
  // Peers see the address of the task, not one of a balancer in front of it.
  endpoint_mode: 'dnsrr',
  placement: { max_replicas_per_node: 1 },
  update_config: { order: 'stop-first' },
  restart_policy: { condition: 'any', delay: '3s' },
} as const

const confined = {
  init: true,
  read_only: true,
  volumes: [
    { type: 'tmpfs', target: dataFolder },
    { type: 'tmpfs', target: '/tmp' },
  ],
  cap_drop: ['ALL'],
} as const

/** Readable for the user of the image (node, 1000) alone. */
function mounted(source: string, target: string): Group {
  return { source, target: `${secrets}/${target}`, uid: '1000', gid: '1000', mode: 0o400 }
}

function attachments(node: NodePlan): Group {
  return Object.fromEntries(
    node.faces.flatMap((face) =>
      (Object.keys(face.addresses) as Zone[]).map((zone) => [
        zone,
        { aliases: [serviceName(node.name, face.name), face.fqdn] },
      ]),
    ),
  )
}

function zonesOf({ nodes }: LabPlan): readonly Zone[] {
  const all = nodes.flatMap(({ faces }) => faces.flatMap(({ addresses }) => Object.keys(addresses) as Zone[]))
  return [...new Set(all)]
}

function network(zone: Zone): Group {
  return { driver: 'overlay', attachable: true, ...(zone === 'internet' ? {} : { internal: true }) }
}

/** The engine replaces `$NAME` in a stack file. */
function escaped(script: string): string {
  return script.replaceAll('$', '$$$$')
}

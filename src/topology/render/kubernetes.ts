/**
 * The lab as Kubernetes manifests: one deployment a node, found by its service wherever it runs. A job makes the keys
 * and keeps them as secrets; network policies come from the firewall table.
 */
import { stringify } from 'yaml'
import { serviceName } from '../addressing.ts'
import { stopGraceSeconds } from '../drain-time.ts'
import type { LabPlan, NodePlan } from '../plan-types.ts'
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
  runsSiplab,
  secretName,
  seedScript,
  spreadGroup,
  usesStore,
} from './cluster.ts'
import { certificateJob } from './kubernetes-keys.ts'
import { networkPolicies } from './kubernetes-policies.ts'
import { renderHaproxy } from './haproxy.ts'
import {
  confined,
  emptyFolder,
  environmentOf,
  job,
  labelsOf,
  meta,
  selectorOf,
  siplabImage,
} from './kubernetes-parts.ts'

const secrets = '/run/secrets/siplab'

/**
 * @param plan a plan with `addressing: 'cluster'`
 * @throws RangeError for a plan with addresses, or of a lab that cannot be spread over machines
 */
export function renderKubernetes(plan: LabPlan): string {
  const lab = clusterLab(plan)
  const documents = kubernetesObjects(lab).map((object) =>
    stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 }),
  )
  return `${heading(instructions(plan))}\n---\n${documents.join('---\n')}`
}

function kubernetesObjects(lab: ClusterLab): readonly Group[] {
  const { plan } = lab
  return [
    ...certificateJob(lab),
    directoryJob(plan),
    ...plan.nodes.flatMap((node) => [...ground(plan, node), deployment(lab, node), ...services(plan, node)]),
    ...networkPolicies(plan),
  ]
}

function instructions(plan: LabPlan): readonly string[] {
  const { topology } = plan
  return [
    `${topology}: ${plan.about}`,
    `Written by: siplab plan ${topology} --format kubernetes. Edit the topology, not this file.`,
    '',
    `  kubectl create namespace ${topology}`,
    `  kubectl --namespace ${topology} apply --filename ${topology}.kubernetes.yml`,
    '',
    'The job certs makes one secret for the keys of each node, and pods wait for it. No pod mounts the keys of the',
    'authorities.',
    'The image siplab must be one that every machine can pull. Ready means: the node is up, and so is every link it',
    'dials. Services between servers lead to a node that is not ready too, or no link could ever come up; the service',
    `for users does not. ${drainText}`,
  ]
}

/** What a pod of another program reads: the configuration of HAProxy, the disk of PostgreSQL. */
function ground(plan: LabPlan, node: NodePlan): readonly Group[] {
  if (node.role === 'load-balancer')
    return [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: meta(plan, node.name),
        data: { 'haproxy.cfg': renderHaproxy(node) },
      },
    ]
  if (node.role === 'sql')
    return [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: meta(plan, node.name),
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ]
  return []
}

function deployment(lab: ClusterLab, node: NodePlan): Group {
  const { plan } = lab
  const pod =
    node.role === 'sql' ? sqlPod(lab, node) : node.role === 'load-balancer' ? balancerPod(node) : siplabPod(lab, node)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(plan, node.name),
    spec: {
      // One process has the name and the keys of a node: the old one ends before the new one starts.
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: selectorOf(plan, node.name) },
      template: {
        metadata: { labels: { ...labelsOf(plan, node.name), 'siplab/spread': spreadGroup(node) } },
        spec: {
          ...pod,
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          topologySpreadConstraints: [spread(plan, node)],
        },
      },
    },
  }
}

/** Members of one pool on different machines, as long as there are enough. */
function spread(plan: LabPlan, node: NodePlan): Group {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'siplab/lab': plan.topology, 'siplab/spread': spreadGroup(node) } },
  }
}

function siplabPod({ plan }: ClusterLab, node: NodePlan): Group {
  const own = keyHolders(plan).includes(node) ? [node.name] : []
  const mounted = [...own, ...(usesStore(node) ? ['store'] : [])]
  return {
    terminationGracePeriodSeconds: stopGraceSeconds,
    securityContext: confined.pod,
    containers: [
      {
        name: 'siplab',
        image: siplabImage,
        command: ['sh', '-c', nodeScript(plan, node, secrets)],
        env: environmentOf(clusterEnvironment),
        ports: (['internal', 'external'] as const).flatMap((face) =>
          portsOf(node, face).map(({ opened }) => ({ containerPort: opened })),
        ),
        readinessProbe: linksAreUp(node),
        livenessProbe: isThere(node),
        securityContext: confined.container,
        volumeMounts: [
          { name: 'data', mountPath: dataFolder },
          { name: 'tmp', mountPath: '/tmp' },
          ...mounted.map((name) => ({ name, mountPath: `${secrets}/${name}`, readOnly: true })),
        ],
      },
    ],
    volumes: [emptyFolder('data'), emptyFolder('tmp'), ...mounted.map((name) => secretVolume(plan, name))],
  }
}

function linksAreUp({ name }: NodePlan): Group {
  return { exec: { command: ['siplab-healthy', name, dataFolder] }, periodSeconds: 4, timeoutSeconds: 5 }
}

/** A server whose links are down is no better after a restart; one that does not answer may be. */
function isThere({ name }: NodePlan): Group {
  return {
    exec: { command: ['siplab-healthy', name, dataFolder, '--ready'] },
    initialDelaySeconds: 60,
    periodSeconds: 20,
    timeoutSeconds: 10,
    failureThreshold: 6,
  }
}

function secretVolume(plan: LabPlan, name: string): Group {
  return { name, secret: { secretName: secretName(plan, name), defaultMode: 0o440 } }
}

function sqlPod({ plan, store }: ClusterLab, node: NodePlan): Group {
  return {
    // Of the official image.
    securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
    containers: [
      {
        name: 'postgres',
        image: postgresImage,
        env: environmentOf({
          POSTGRES_USER: 'siplab',
          POSTGRES_DB: store.database,
          POSTGRES_PASSWORD_FILE: `${secrets}/store/password`,
          PGDATA: '/var/lib/postgresql/data/cluster',
        }),
        ports: [{ containerPort: store.port }],
        readinessProbe: {
          exec: { command: ['pg_isready', '--username', 'siplab'] },
          periodSeconds: 4,
          timeoutSeconds: 5,
        },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'disk', mountPath: '/var/lib/postgresql/data' },
          { name: 'store', mountPath: `${secrets}/store`, readOnly: true },
        ],
      },
    ],
    volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: node.name } }, secretVolume(plan, 'store')],
  }
}

function balancerPod(node: NodePlan): Group {
  const [first] = portsOf(node, 'internal')
  return {
    securityContext: { runAsNonRoot: true, runAsUser: 99, runAsGroup: 99 },
    containers: [
      {
        name: 'haproxy',
        image: haproxyImage,
        ports: portsOf(node, 'internal').map(({ opened }) => ({ containerPort: opened })),
        ...(first === undefined ? {} : { readinessProbe: { tcpSocket: { port: first.opened }, periodSeconds: 4 } }),
        securityContext: confined.container,
        volumeMounts: [{ name: 'configuration', mountPath: '/usr/local/etc/haproxy', readOnly: true }],
      },
    ],
    volumes: [{ name: 'configuration', configMap: { name: node.name } }],
  }
}

/** One for each face; the one towards the internet has an address that users dial. */
function services(plan: LabPlan, node: NodePlan): readonly Group[] {
  return (['internal', 'external'] as const).flatMap((face): readonly Group[] => {
    const ports = portsOf(node, face).map(({ dialled, opened }) => ({
      name: `port-${dialled}`,
      port: dialled,
      targetPort: opened,
    }))
    if (ports.length === 0) return []
    const outside =
      face === 'external'
        ? // Local: the server sees who dials it.
          { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
        : { publishNotReadyAddresses: runsSiplab(node) }
    return [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta(plan, serviceName(node.name, face)),
        spec: { ...outside, selector: selectorOf(plan, node.name), ports },
      },
    ]
  })
}

/** Fills the lists and users of the topology in; starts again until the database is there. */
function directoryJob(plan: LabPlan): Group {
  return job(plan, 'directory', {
    script: seedScript(plan, secrets),
    retries: 20,
    account: { automountServiceAccountToken: false },
    mounts: [{ name: 'store', mountPath: `${secrets}/store`, readOnly: true }],
    volumes: [secretVolume(plan, 'store')],
  })
}

import { Job } from 'kubernetes-models/batch/v1'
import { Deployment } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import { ConfigMap, PersistentVolumeClaim, Service, ServiceAccount } from 'kubernetes-models/v1'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { loadTopology, topologyNames } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'
import { whyNoCluster } from '../../../src/topology/render/cluster.ts'
import { renderKubernetes } from '../../../src/topology/render/kubernetes.ts'
import { renderSwarm } from '../../../src/topology/render/swarm.ts'

const inCluster = (name: string) => planLab(loadTopology(name), { addressing: 'cluster' })
const plan = inCluster('edge-pool')
const fitting = topologyNames().filter((name) => whyNoCluster(inCluster(name)) === undefined)

t.test('a plan for a cluster', async (t) => {
  t.test('leads every name to a service and holds no address', async (t) => {
    t.match(
      plan.dns[0]?.records.find(({ name }) => name === 'fe1.lab.test'),
      { kind: 'cname', target: 'fe1' },
    )
    t.notMatch(JSON.stringify(plan), /127\.0\.|"10\.\d/)
  })

  t.test('opens the outside face where the inside one is not, and tells peers the usual ports', async (t) => {
    const edge = plan.nodes.find(({ name }) => name === 'edge')
    const ports = (edge?.listeners ?? []).map(({ face, port, bound = port }) => `${face} ${port} ${bound}`)
    t.strictSame(ports.sort(), [
      'external 443 10443',
      'external 5061 15061',
      'external 8443 18443',
      'internal 5061 5061',
    ])
  })

  t.test('has no DNS server of its own', async (t) => {
    t.notOk(plan.nodes.some(({ role }) => role === 'dns'))
  })

  t.test('is refused for a store in files, two organisations, and foreign hosts', async (t) => {
    t.match(whyNoCluster(inCluster('edge')), /wants a host of role sql/)
    t.match(whyNoCluster(inCluster('federation')), /wants one organisation/)
    t.throws(() => renderSwarm(inCluster('edge')), RangeError)
    t.throws(() => renderSwarm(planLab(loadTopology('edge-pool'))), /names of a cluster/)
  })
})

t.test('a swarm stack', async (t) => {
  const text = renderSwarm(plan)
  const stack = parse(text, { version: '1.1' })

  t.test('has one task a node, and each has the secret of its own keys alone', async (t) => {
    const names = plan.nodes.map(({ name }) => name)
    t.strictSame(Object.keys(stack.services).sort(), [...names, 'directory'].sort())
    for (const name of ['fe1', 'fe2', 'director', 'edge', 'pki']) {
      const { secrets, deploy } = stack.services[name]
      const keys = secrets
        .map(({ source }: { source: string }) => source)
        .filter((source: string) => source !== 'store')
      t.strictSame([keys, deploy.replicas, deploy.placement.max_replicas_per_node], [[name], 1, 1])
    }
  })

  t.test('names the command that makes each of its secrets', async (t) => {
    for (const { external, name } of Object.values<{ external: boolean; name: string }>(stack.secrets)) {
      t.equal(external, true)
      const made = text.includes(`docker secret create ${name} -`)
      const inLoop = new RegExp(`for node in [^;]*\\b${name.replace('edge-pool-', '')}\\b`).test(text)
      t.ok(made || inLoop, name)
    }
  })

  t.test('never gives the keys of the authorities away', async (t) => {
    t.match(text, /tar -C keys\/pki --exclude=\.\/private /)
  })

  t.test('answers to the name of the plan in the zones of the plan', async (t) => {
    t.strictSame(stack.services.edge.networks, {
      perimeter: { aliases: ['edge', 'edge.lab.test'] },
      internet: { aliases: ['edge-external', 'sip.lab.test'] },
    })
    t.strictSame([stack.networks.internal.internal, stack.networks.internet.internal], [true, undefined])
  })

  t.test('waits longer than a drain takes', async (t) => {
    t.equal(stack.services.fe1.stop_grace_period, '45s')
  })

  t.test('publishes the outside face alone, on the machine that runs it', async (t) => {
    const published = Object.entries<{ ports?: readonly { target: number; mode: string }[] }>(stack.services).flatMap(
      ([name, { ports = [] }]) => ports.map(({ target, mode }) => `${name} ${target} ${mode}`),
    )
    t.strictSame(published.sort(), ['edge 10443 host', 'edge 15061 host', 'edge 18443 host'])
  })
})

const models = {
  ConfigMap,
  Deployment,
  Job,
  NetworkPolicy,
  PersistentVolumeClaim,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
}

interface Manifest {
  readonly kind: keyof typeof models
  readonly metadata: { readonly name: string }
  readonly spec: unknown
}

const manifests = (name: string): readonly Manifest[] =>
  parseAllDocuments(renderKubernetes(inCluster(name))).map((document) => document.toJS())

t.test('Kubernetes manifests', async (t) => {
  const all = manifests('edge-pool')
  const spec = (kind: string, name: string) =>
    all.find((each) => each.kind === kind && each.metadata.name === name)?.spec

  t.test('are valid to the schemas of Kubernetes', async (t) => {
    t.ok(fitting.length > 1)
    for (const name of fitting)
      for (const manifest of manifests(name)) {
        const model = new models[manifest.kind](JSON.parse(JSON.stringify(manifest)))
        t.doesNotThrow(() => model.validate(), `${name}: ${manifest.kind} ${manifest.metadata.name}`)
      }
  })

  t.test('are refused by these schemas when a field has another type', async (t) => {
    const [deployment] = all.filter(({ kind }) => kind === 'Deployment')
    const wrong = JSON.parse(JSON.stringify(deployment).replace('"replicas":1', '"replicas":"one"'))
    t.throws(() => new Deployment(wrong).validate(), /replicas/)
  })

  t.test('have one pod a node, replaced and never doubled, with its own secret', async (t) => {
    for (const { name } of plan.nodes)
      t.match(spec('Deployment', name), { replicas: 1, strategy: { type: 'Recreate' } })
    t.match(spec('Deployment', 'fe1'), {
      template: {
        spec: {
          terminationGracePeriodSeconds: 45,
          containers: [{ readinessProbe: { exec: { command: ['siplab-healthy', 'fe1', '/run/siplab'] } } }],
          topologySpreadConstraints: [{ labelSelector: { matchLabels: { 'siplab/spread': 'pool' } } }],
          volumes: [{}, {}, { secret: { secretName: 'edge-pool-fe1' } }, { secret: { secretName: 'edge-pool-store' } }],
        },
      },
    })
  })

  t.test('let servers find each other before their links are up, and users only afterwards', async (t) => {
    t.match(spec('Service', 'director'), {
      publishNotReadyAddresses: true,
      ports: [{ port: 5061, targetPort: 5061 }, {}],
    })
    const outside = spec('Service', 'edge-external')
    t.match(outside, { type: 'LoadBalancer', externalTrafficPolicy: 'Local' })
    t.notMatch(outside, { publishNotReadyAddresses: true })
    t.match(JSON.stringify(outside), /"port":443,"targetPort":10443/)
  })

  t.test('let in what the firewall table lists, by the port of the pod', async (t) => {
    const rules = plan.firewall.filter(({ to }) => to.name === 'edge')
    const policy = spec('NetworkPolicy', 'edge') as { readonly ingress: readonly unknown[] }
    t.equal(policy.ingress.length, rules.length)
    t.match(policy.ingress, [
      { ports: [{ protocol: 'TCP', port: 10443 }] },
      { ports: [{ protocol: 'TCP', port: 18443 }] },
      { from: [{ podSelector: { matchLabels: { 'siplab/node': 'director' } } }], ports: [{ port: 5061 }] },
    ])
  })

  t.test('shut the database for everybody but homes, director and the job that fills it', async (t) => {
    const policy = spec('NetworkPolicy', 'sql')
    const sources = [...JSON.stringify(policy).matchAll(/"from":\[.*?"siplab\/node":"(\w+)"/g)].map(([, name]) => name)
    t.strictSame(sources.sort(), ['director', 'directory', 'fe1', 'fe2'])
  })

  t.test('let the job of the keys write secrets, and nothing else in the cluster', async (t) => {
    const role = all.find(({ kind }) => kind === 'Role')
    t.match(role, { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create', 'patch'] }] })
    const mounts = all
      .filter(({ kind }) => kind === 'Deployment')
      .filter((each) => /-authority"/.test(JSON.stringify(each)))
    t.strictSame(mounts, [], 'no pod of a node mounts the keys of the authorities')
  })
})

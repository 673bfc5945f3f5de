/** The job that makes the keys of a lab in a cluster, and what it may do: write secrets of its namespace. */
import { type ClusterLab, dataFolder, type Group, keyHolders, secretName } from './cluster.ts'
import { job, meta } from './kubernetes-parts.ts'
import type { LabPlan } from '../plan-types.ts'

const kept = '/run/secrets/siplab'

/** A service account, what it may do, and the job; empty where the lab needs no certificate. */
export function certificateJob({ plan, store }: ClusterLab): readonly Group[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(plan, 'certs') },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: meta(plan, 'certs'),
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create', 'patch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta(plan, 'certs'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'certs' },
      subjects: [{ kind: 'ServiceAccount', name: 'certs' }],
    },
    makeKeys(plan, `${store.address}:${store.port}/${store.database}`),
  ]
}

function makeKeys(plan: LabPlan, store: string): Group {
  const names = [...(plan.certificates.length === 0 ? [] : ['authority']), ...keysOf(plan)]
  return job(plan, 'certs', {
    script: script(plan, store),
    retries: 4,
    account: { serviceAccountName: 'certs' },
    mounts: names.map((name) => ({ name, mountPath: `${kept}/${name}`, readOnly: true })),
    // What an earlier run made: it stays, and only what is missing is made.
    volumes: names.map((name) => ({ name, secret: { secretName: secretName(plan, name), optional: true } })),
  })
}

function keysOf(plan: LabPlan): readonly string[] {
  return keyHolders(plan).flatMap(({ role, name }) => (role === 'pki' ? [] : [name]))
}

function script(plan: LabPlan, store: string): string {
  const put = `exec siplab-secrets ${plan.topology} ${dataFolder} ${store}`
  if (plan.certificates.length === 0) return put
  const unpack = (name: string, folder: string): string =>
    `mkdir -p ${folder} && if [ -e ${kept}/${name}/node.tar ]; then tar -xf ${kept}/${name}/node.tar -C ${folder}; fi`
  return [
    unpack('authority', `${dataFolder}/pki`),
    ...keysOf(plan).map((name) => unpack(name, `${dataFolder}/nodes/${name}`)),
    `siplab certs init --topology ${plan.topology} --data ${dataFolder}`,
    put,
  ].join(' && ')
}

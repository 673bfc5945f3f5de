/** What every manifest repeats: names, labels, and how little a container may do. */
import type { LabPlan } from '../plan-types.ts'
import { clusterEnvironment, dataFolder, type Group } from './cluster.ts'

export const siplabImage = 'siplab'

export function meta(plan: LabPlan, name: string): Group {
  return { name, labels: labelsOf(plan, name) }
}

export function labelsOf(plan: LabPlan, name: string): Group {
  return { 'app.kubernetes.io/part-of': 'siplab', ...selectorOf(plan, name) }
}

/** Tells the pods of one node from all others of the namespace. */
export function selectorOf({ topology }: LabPlan, name: string): Group {
  return { 'siplab/lab': topology, 'siplab/node': name }
}

export function environmentOf(variables: Readonly<Record<string, string>>): readonly Group[] {
  return Object.entries(variables).map(([name, value]) => ({ name, value }))
}

export function emptyFolder(name: string): Group {
  return { name, emptyDir: {} }
}

/** As the user `node` of the image, without a capability, on a root file system that is read-only. */
export const confined = {
  pod: {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  container: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
} as const

export interface JobParts {
  /** For `sh -c`. */
  readonly script: string
  /** How often the job is started again. */
  readonly retries: number
  /** Which account its pods have, or that they have none. */
  readonly account: Group
  /** Beside the two folders that may be written. */
  readonly mounts: readonly Group[]
  readonly volumes: readonly Group[]
}

/** A job of the batch API: one container of siplab that runs until its script succeeds. */
export function job(plan: LabPlan, name: string, { script, retries, account, mounts, volumes }: JobParts): Group {
  const container = {
    name,
    image: siplabImage,
    command: ['sh', '-c', script],
    env: environmentOf(clusterEnvironment),
    securityContext: confined.container,
    volumeMounts: [{ name: 'data', mountPath: dataFolder }, { name: 'tmp', mountPath: '/tmp' }, ...mounts],
  }
  const spec = {
    restartPolicy: 'OnFailure',
    ...account,
    securityContext: confined.pod,
    containers: [container],
    volumes: [emptyFolder('data'), emptyFolder('tmp'), ...volumes],
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: meta(plan, name),
    spec: { backoffLimit: retries, template: { metadata: { labels: labelsOf(plan, name) }, spec } },
  }
}

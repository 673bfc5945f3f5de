/** What every manifest repeats: names, labels, and how little a container may do. */
import type { LabPlan } from '../plan-types.ts'
import type { Group } from './cluster.ts'

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

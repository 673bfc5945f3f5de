/** A lab whose nodes are containers, supervised in a container of its own: `siplab supervise`. */
import type { LabPlan } from '../../topology/plan-types.ts'
import { labFolder, takeLock } from '../lab-folder.ts'
import { Supervisor } from '../supervisor.ts'
import { ContainerHost } from './container-host.ts'

export interface SuperviseOptions {
  readonly plan: LabPlan
  /** What `loadTopology` took. */
  readonly source: string
  readonly data: string
  readonly movableClock: boolean
  /** One line for people. */
  readonly onProgress: (line: string) => void
}

/** @returns ends it; the containers run on */
export async function superviseContainers(options: SuperviseOptions): Promise<() => Promise<void>> {
  const { plan, source, data, movableClock, onProgress } = options
  const folder = labFolder(data)
  const lock = takeLock(folder)
  const supervisor = new Supervisor({
    folder,
    record: {
      topology: source,
      name: plan.topology,
      network: plan.network,
      ports: {},
      addressing: 'containers',
      movableClock,
      startedAt: new Date().toISOString(),
      stopped: {},
    },
    openHost: (listener) => new ContainerHost(plan, data, listener),
    news: {
      onProgress,
      onReady: ({ plan: { name, role, fqdn } }) => onProgress(`${name} is up (${role}, ${fqdn})`),
      onEnd: ({ plan: { name } }, { verdict }) =>
        onProgress(`${name} has stopped${verdict === undefined ? '' : `: ${verdict.message}`}`),
    },
  })
  supervisor.begin()
  await supervisor.listen()
  return async () => {
    await supervisor.close()
    lock.release()
  }
}

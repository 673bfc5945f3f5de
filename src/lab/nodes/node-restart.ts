/** Stops and starts single nodes of a running lab through the process that holds them. */
import { LabError } from '../lab-error.ts'
import type { RunningLabAccess } from '../running-lab.ts'

/** One that has stopped already stays so. */
export async function stopNode(lab: RunningLabAccess, node: string): Promise<void> {
  try {
    await lab.supervisor().post('/node-stop', { node })
  } catch (error) {
    if (!(error instanceof LabError && error.code === 'node.refused')) throw error
  }
}

/** @returns whether it became ready; false when it started and ended again */
export async function startNode(lab: RunningLabAccess, node: string): Promise<boolean> {
  const { ready } = await lab.supervisor().post<{ readonly ready: boolean }>('/node-start', { node })
  return ready
}

/** The events of a node of a test's lab. */
import { readEvents } from '../../src/lab/event-tail.ts'
import { controlClient } from '../../src/lab/control-client.ts'
import { LabError } from '../../src/lab/lab-error.ts'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import type { TestLab } from './lab.ts'

/**
 * Everything that a node has said so far, asked of the node itself: its file has it a moment later. A node that has
 * ended is read from its file.
 */
export async function eventsOf(lab: TestLab, node: string): Promise<readonly NodeEvent[]> {
  const folder = nodeFolder(lab.data, node)
  try {
    return await Array.fromAsync(controlClient(node, folder).lines<NodeEvent>('/events?after=0'))
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return readEvents(folder.events)
    throw error
  }
}

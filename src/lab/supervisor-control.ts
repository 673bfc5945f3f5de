/** The supervisor's own control socket, `DATA/lab.sock`: what only the process that holds the children can do. */
import { join } from 'node:path'
import { z } from 'zod'
import { ControlUsageError, json, openControlServer } from '../node/control/control-server.ts'
import type { ControlCall, ControlRoutes } from '../node/control/control-server.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { controlClient } from './control-client.ts'
import type { ControlClient } from './control-client.ts'
import type { LabFolder } from './lab-folder.ts'

const body = z.strictObject({ node: z.string() })

/** What the supervisor does when it is asked. */
interface NodeSwitch {
  startNode(name: string): Promise<boolean>
  stopNode(name: string): Promise<void>
}

/**
 * | request | answer |
 * | --- | --- |
 * | `POST /node-start` {node} | {ready} once it is ready or has ended |
 * | `POST /node-stop` {node} | {} once it has ended |
 *
 * @param more requests that only this supervisor answers
 * @returns closes the socket
 */
export async function openSupervisorControl(
  folder: LabFolder,
  nodes: NodeSwitch,
  more: ControlRoutes,
): Promise<() => Promise<void>> {
  const server = await openControlServer(supervisorSockets(folder), {
    'POST /node-start': async (call) => json({ ready: await nodes.startNode(nodeOf(call)) }),
    'POST /node-stop': async (call) => {
      await nodes.stopNode(nodeOf(call))
      return json({})
    },
    ...more,
  })
  return () => server.close()
}

function nodeOf(call: ControlCall): string {
  const parsed = body.safeParse(call.body)
  if (!parsed.success) throw new ControlUsageError('wanted {"node":"NAME"}')
  return parsed.data.node
}

/** Speaks to the supervisor of a running lab. */
export function supervisorClient(folder: LabFolder): ControlClient {
  return controlClient('the supervisor', supervisorSockets(folder), 60_000)
}

/** Where the supervisor of a lab listens. */
function supervisorSockets(folder: LabFolder) {
  const controlSocket = join(folder.root, 'lab.sock')
  return { ...nodeFolder(folder.root, 'lab'), controlSocket, controlSocketPointer: `${controlSocket}.path` }
}

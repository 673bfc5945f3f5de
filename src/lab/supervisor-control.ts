/** The supervisor's own control socket, `DATA/lab.sock`: what only the process that holds the children can do. */
import { join } from 'node:path'
import { z } from 'zod'
import { ControlRefusal, ControlUsageError, json, openControlServer } from '../node/control/control-server.ts'
import type { ControlCall } from '../node/control/control-server.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { controlClient } from './control-client.ts'
import type { ControlClient } from './control-client.ts'
import type { LabFolder } from './lab-folder.ts'
import type { NodeProcess } from './nodes/node-process.ts'
import type { ReadyDocument } from './ready-document.ts'

const body = z.strictObject({ node: z.string() })
const stopWithinMs = 8000

/**
 * | request | answer |
 * | --- | --- |
 * | `GET /ready` | ReadyDocument |
 * | `POST /node-start` {node} | {ready} once it is ready or has ended |
 * | `POST /node-stop` {node} | {} once it has ended |
 *
 * @returns closes the socket
 */
export async function openSupervisorControl(
  folder: LabFolder,
  nodes: ReadonlyMap<string, NodeProcess>,
  ready: () => ReadyDocument,
): Promise<() => Promise<void>> {
  const nodeOf = (call: ControlCall): NodeProcess => {
    const parsed = body.safeParse(call.body)
    if (!parsed.success) throw new ControlUsageError('wanted {"node":"NAME"}')
    const node = nodes.get(parsed.data.node)
    if (node === undefined)
      throw new ControlUsageError(`no node ${parsed.data.node} here; nodes: ${[...nodes.keys()].join(', ')}`)
    return node
  }
  const server = await openControlServer(supervisorSockets(folder), {
    'GET /ready': () => json(ready()),
    'POST /node-start': async (call) => {
      const node = nodeOf(call)
      if (node.isRunning)
        throw new ControlRefusal('node.running', `${node.plan.name} already runs, process ${node.pid}`)
      node.start()
      return json({ ready: await node.becameReady() })
    },
    'POST /node-stop': async (call) => {
      const node = nodeOf(call)
      if (!node.isRunning) throw new ControlRefusal('node.stopped', `${node.plan.name} does not run`)
      await node.stop(stopWithinMs)
      return json({})
    },
  })
  return () => server.close()
}

/** Speaks to the supervisor of a running lab. */
export function supervisorClient(folder: LabFolder): ControlClient {
  return controlClient('the supervisor', supervisorSockets(folder), 60_000)
}

/** Where the supervisor of a lab listens. */
export function supervisorSockets(folder: LabFolder) {
  const controlSocket = join(folder.root, 'lab.sock')
  return { ...nodeFolder(folder.root, 'lab'), controlSocket, controlSocketPointer: `${controlSocket}.path` }
}

/** HAProxy instead of our own pass-through, where it is installed. */
import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { renderHaproxy } from '../../topology/render/haproxy.ts'
import { startChildProgram } from './child-program.ts'
import type { ChildProgram } from './child-program.ts'
import type { NodeStart } from './helper-node.ts'

const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/bin', '/usr/local/bin']
const listensWithinMs = 20_000

export function findHaproxy(searchPath = usualFolders.join(delimiter)): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, 'haproxy'))
    .find((program) => existsSync(program))
}

/** Resolves when every listener takes connections. @throws Error when it does not come to that */
export async function startHaproxy(program: string, { plan, dataDir }: NodeStart): Promise<ChildProgram> {
  const { root } = nodeFolder(dataDir, plan.name)
  const configuration = join(root, 'haproxy.cfg')
  const logFile = join(root, 'haproxy.log')
  writeFileSync(configuration, renderHaproxy(plan), { mode: 0o600 })
  // -db: in the foreground, one process that ends with its node.
  const child = await startChildProgram({
    program,
    args: ['-db', '-f', configuration],
    workingFolder: root,
    logFile,
    lastSignal: 'SIGTERM',
  })
  let ended: string | undefined
  void child.ended.then((how) => (ended = how))
  for (const until = performance.now() + listensWithinMs; performance.now() < until; await delay(20)) {
    if (ended !== undefined) throw new Error(`haproxy ended at its start (${ended}); see ${logFile}`)
    const open = await Promise.all(plan.listeners.map(({ address, port }) => takesConnections(address, port)))
    if (open.every(Boolean)) return child
  }
  await child.stop('SIGTERM')
  throw new Error(`haproxy does not listen after ${listensWithinMs / 1000} s; see ${logFile}`)
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/**
 * The node `load-balancer`: stands for the pool name and passes TCP connections through to a front end that answers.
 * TLS ends there. HAProxy does it where it is installed, else the pass-through below.
 */
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { verdict } from '../../verdicts/codes.ts'
import { findHaproxy, startHaproxy } from './haproxy.ts'
import { startHelperNode } from './helper-node.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'

const connectWithinMs = 2000
const maxConnections = 4096
/** A back end that did not answer is passed over for so long, unless none other is left. */
const restMs = 5000

interface Backend {
  readonly address: string
  restsUntil: number
  connections: number
}

export function startBalancerNode(start: NodeStart): Promise<RunningNode> {
  const haproxy = findHaproxy()
  return haproxy === undefined ? startPassThroughNode(start) : startHaproxyNode(start, haproxy)
}

function startHaproxyNode(start: NodeStart, program: string): Promise<RunningNode> {
  const { name, listeners } = start.plan
  return startHelperNode(start, async (_recorder, end) => {
    let wanted = true
    const child = await startHaproxy(program, start)
    void child.ended.then((how) => {
      if (wanted) end(verdict('route.next-hop-down', { node: name, found: `haproxy ended: ${how}` }))
    })
    return {
      listeners,
      async close() {
        wanted = false
        await child.stop('SIGTERM')
      },
    }
  })
}

function startPassThroughNode(start: NodeStart): Promise<RunningNode> {
  const { settings, listeners } = start.plan
  if (settings.kind !== 'load-balancer') throw new Error(`${start.plan.name} is no load balancer`)
  const backends = settings.backends.map(({ address }): Backend => ({ address, restsUntil: 0, connections: 0 }))
  return startHelperNode(start, async () => {
    const open = new Set<Socket>()
    const servers: Server[] = []
    for (const { address, port } of listeners)
      servers.push(await listen(address, port, (client) => void pass(client, port, backends, open)))
    return {
      listeners,
      metrics: () =>
        Object.fromEntries(backends.map(({ address, connections }) => [`connections ${address}`, connections])),
      close: async () => {
        for (const socket of open) socket.destroy()
        await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
      },
    }
  })
}

function listen(host: string, port: number, onConnection: (client: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, onConnection)
  server.maxConnections = maxConnections
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => resolve(server))
  })
}

/** Least connections first; one that refuses is tried no more for a while, and the next gets the connection. */
async function pass(client: Socket, port: number, backends: readonly Backend[], open: Set<Socket>): Promise<void> {
  track(client, open)
  for (const backend of inOrder(backends)) {
    const server = await dial(backend.address, port)
    if (server === undefined) {
      backend.restsUntil = performance.now() + restMs
      continue
    }
    if (client.destroyed) return void server.destroy()
    track(server, open)
    backend.connections += 1
    server.once('close', () => (backend.connections -= 1))
    return couple(client, server)
  }
  client.destroy()
}

function inOrder(backends: readonly Backend[]): readonly Backend[] {
  const now = performance.now()
  return backends.toSorted(
    (a, b) => Number(a.restsUntil > now) - Number(b.restsUntil > now) || a.connections - b.connections,
  )
}

function dial(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, timeout: connectWithinMs })
    const give = (): void => {
      socket.destroy()
      resolve(undefined)
    }
    socket.once('error', give)
    socket.once('timeout', give)
    socket.once('connect', () => {
      socket.off('error', give).off('timeout', give).setTimeout(0)
      resolve(socket)
    })
  })
}

/** Each end hears how the other ended: a reset stays a reset. */
function couple(client: Socket, server: Socket): void {
  client.pipe(server)
  server.pipe(client)
  client.once('close', (failed) => (failed ? server.resetAndDestroy() : server.end()))
  server.once('close', (failed) => (failed ? client.resetAndDestroy() : client.end()))
}

function track(socket: Socket, open: Set<Socket>): void {
  open.add(socket)
  // The close that follows an error is what couples the two ends.
  socket.on('error', () => undefined)
  socket.once('close', () => open.delete(socket))
}

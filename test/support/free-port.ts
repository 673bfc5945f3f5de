/** A port for a program that wants one on its command line or in its configuration. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/**
 * Below the range systems take the ports of outgoing connections from: a port the system chose may be one of theirs
 * again by the time it is wanted.
 */
const lowest = 10_000,
  highest = 29_999

/** Given by this process: what is not listened at yet looks free to the next one that asks. */
const given = new Set<number>()

/** Free on 127.0.0.1 over TCP and UDP, and another one each time. Tests side by side draw from 20,000. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(lowest, highest + 1)
    if (given.has(port)) continue
    given.add(port)
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port
  }
  throw new Error(`no free port from ${lowest} to ${highest} on 127.0.0.1 in 100 tries`)
}

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer().once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createSocket('udp4').once('error', () => socket.close(() => done(false)))
    socket.bind(port, '127.0.0.1', () => socket.close(() => done(true)))
  })
}

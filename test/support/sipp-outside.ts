/** SIPp as a phone outside: Debian's speaks no TLS, so a relay here does, and keeps its flow as a phone would. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import type { TestLab } from './lab.ts'

interface OutsideWay {
  /** Where SIPp sends over TCP: `127.0.0.1:40000`. */
  readonly server: string
}

/**
 * One flow to the access proxy, for one SIPp process after the other. What comes while none is connected goes to
 * `phonePort`, where SIPp listens.
 */
export async function outsideWay(t: Test, lab: TestLab, node: string, phonePort: number): Promise<OutsideWay> {
  const { fqdn, listeners } = lab.node(node)
  const door = listeners.find(
    ({ face, transport, mutual }) => face === 'external' && transport === 'tls' && mutual !== 'required',
  )
  const { public: root } = lab.ready.trust
  if (door === undefined || root === undefined) throw new Error(`${node} has no TLS listener for phones outside`)
  const servername = `sip.${fqdn.slice(fqdn.indexOf('.') + 1)}`
  const flow = connectTls({ host: door.address, port: door.port, servername, ca: readFileSync(root) })
  await once(flow, 'secureConnect')
  let phone: Socket | undefined
  const take = (socket: Socket): Socket => {
    phone = socket
    socket.on('data', (octets: Buffer) => flow.write(octets))
    // SIPp resets its connection when it is done.
    socket.on('error', () => undefined).on('close', () => (phone = phone === socket ? undefined : phone))
    return socket
  }
  flow.on('data', (octets: Buffer) => (phone ?? take(connect(phonePort, '127.0.0.1'))).write(octets))
  const server = createServer((socket) => void take(socket))
  t.teardown(() => {
    phone?.destroy()
    flow.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

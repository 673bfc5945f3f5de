/** What carries the messages of a raw peer: a stream over TLS or TCP, frames of a WebSocket, datagrams. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { WebSocket } from 'ws'
import { StreamFramer } from '../../src/sip/message/framer.ts'
import { parseDatagram } from '../../src/sip/message/parse.ts'
import { defaultLimits, type SipMessage } from '../../src/sip/message/types.ts'

export type RawTransport = 'tls' | 'tcp' | 'wss' | 'udp'

export interface PipeSettings {
  readonly address: string
  readonly port: number
  readonly transport: RawTransport
  /** SNI; the server's certificate is not looked at. */
  readonly serverName?: string
  readonly certificate?: { readonly certificate: string; readonly key: string }
  /** Address of this end; absent: the system chooses. */
  readonly source?: string
}

export interface RawPipe {
  /** Of this end: `127.0.0.1:40000`. */
  readonly hostPort: string
  readonly ended: boolean
  write(text: string): void
  close(): void
  destroy(): void
}

interface PipeUser {
  message(message: SipMessage): void
  ended(): void
}

/** Rejects when the connection is refused. */
export function openPipe(settings: PipeSettings, user: PipeUser): Promise<RawPipe> {
  switch (settings.transport) {
    case 'udp':
      return datagrams(settings, user)
    case 'wss':
      return frames(settings, user)
    case 'tls':
    case 'tcp':
      return stream(settings, user)
    default:
      return settings.transport satisfies never
  }
}

async function stream(settings: PipeSettings, user: PipeUser): Promise<RawPipe> {
  const { address: host, port, source } = settings
  const place = { host, port, ...(source === undefined ? {} : { localAddress: source }) }
  const secure = settings.transport === 'tls'
  const socket: Socket = secure ? connectTls({ ...place, ...tlsOf(settings) }) : connectTcp(place)
  await once(socket, secure ? 'secureConnect' : 'connect')
  const framer = new StreamFramer(defaultLimits, {
    message: (message) => user.message(message),
    malformed: () => undefined,
    lost: () => socket.destroy(),
    ping: () => socket.write('\r\n'),
    pong: () => undefined,
  })
  socket.on('data', (chunk: Buffer) => framer.push(chunk))
  socket.on('error', () => user.ended())
  socket.on('close', () => user.ended())
  return {
    hostPort: `${socket.localAddress}:${socket.localPort}`,
    get ended() {
      return socket.destroyed
    },
    write: (text) => void socket.write(text, 'latin1'),
    close: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}

/** RFC 7118: one message a frame. The port is made up, for a browser knows none. */
async function frames(settings: PipeSettings, user: PipeUser): Promise<RawPipe> {
  const socket = new WebSocket(`wss://${settings.address}:${settings.port}`, 'sip', tlsOf(settings))
  await once(socket, 'open')
  socket.on('message', (octets: Buffer) => take(octets, user))
  socket.on('error', () => user.ended())
  socket.on('close', () => user.ended())
  return {
    hostPort: `raw${++serial}.invalid:5060`,
    get ended() {
      return socket.readyState !== WebSocket.OPEN
    },
    write: (text) => socket.send(text),
    close: () => socket.close(),
    destroy: () => socket.terminate(),
  }
}

async function datagrams({ address, port }: PipeSettings, user: PipeUser): Promise<RawPipe> {
  const socket = createSocket('udp4')
  let ended = false
  const close = (): void => {
    if (ended) return
    ended = true
    socket.close()
    user.ended()
  }
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (octets) => take(octets, user))
  return {
    hostPort: `127.0.0.1:${socket.address().port}`,
    get ended() {
      return ended
    },
    write: (text) => socket.send(Buffer.from(text, 'latin1'), port, address),
    close,
    destroy: close,
  }
}

let serial = 0

/** Line ends alone are keep-alives (RFC 5626 §4.4.1). */
function take(octets: Buffer, user: PipeUser): void {
  if (octets.length > 4) user.message(parseDatagram(octets, defaultLimits))
}

function tlsOf({ serverName, certificate }: PipeSettings): ConnectionOptions {
  return {
    rejectUnauthorized: false,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
  }
}

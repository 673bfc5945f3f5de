/** One socket of the generator, whatever the transport: `send` a text, get whole messages back. */
import { createSocket } from 'node:dgram'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls'
import { Cutter } from './wire.ts'

export type Transport = 'udp' | 'tcp' | 'tls'

export interface Wire {
  /** Tells the wires of one generator apart. */
  readonly number: number
  /** `127.0.0.1:40312`, as written in Via and Contact. */
  readonly local: string
  send(text: string): void
  close(): void
}

export interface WireSettings {
  readonly transport: Transport
  readonly host: string
  readonly port: number
  /** Source address; the system chooses the port. */
  readonly from: string
  readonly tls:
    | {
        readonly certificate: string | undefined
        readonly key: string | undefined
        readonly ca: string
        readonly verifyName: string
      }
    | undefined
  readonly onMessage: (message: string, wire: Wire) => void
  readonly onClosed: (error: Error | undefined) => void
}

/** One for all wires: they trust and show the same. */
let context: SecureContext | undefined
let opened = 0

export function openWire(settings: WireSettings): Promise<Wire> {
  return settings.transport === 'udp' ? openDatagram(settings) : openStream(settings)
}

function openDatagram(settings: WireSettings): Promise<Wire> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4 << 20,
    lookup: (name, _options, found) => found(null, name, 4),
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, settings.from, () => {
      const wire: Wire = {
        number: opened++,
        local: `${settings.from}:${socket.address().port}`,
        send: (text) => socket.send(Buffer.from(text, 'latin1'), settings.port, settings.host),
        close: () => socket.close(),
      }
      socket.on('message', (bytes) => settings.onMessage(bytes.toString('latin1'), wire))
      resolve(wire)
    })
  })
}

function openStream(settings: WireSettings): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = dial(settings)
    const cutter = new Cutter()
    let pending = ''
    let scheduled = false
    const flush = (): void => {
      scheduled = false
      socket.write(pending, 'latin1')
      pending = ''
    }
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once(settings.transport === 'tls' ? 'secureConnect' : 'connect', () => {
      const wire: Wire = {
        number: opened++,
        local: `${settings.from}:${socket.localPort}`,
        send(text) {
          pending += text
          if (scheduled) return
          scheduled = true
          setImmediate(flush)
        },
        // With close_notify: Kamailio 5.6 takes the error of an abrupt end for one of the next handshake's.
        close: () => socket.end(),
      }
      let failure: Error | undefined
      socket.on('error', (error) => (failure = error))
      socket.on('close', () => settings.onClosed(failure))
      socket.on('data', (chunk) =>
        cutter.push(chunk.toString('latin1'), (message) => settings.onMessage(message, wire)),
      )
      resolve(wire)
    })
  })
}

function dial({ transport, host, port, from, tls }: WireSettings): Socket {
  if (transport === 'tcp' || tls === undefined) return connectTcp({ host, port, localAddress: from })
  context ??= createSecureContext({ cert: tls.certificate, key: tls.key, ca: tls.ca })
  return connectTls({
    socket: connectTcp({ host, port, localAddress: from }),
    secureContext: context,
    servername: tls.verifyName,
    ca: tls.ca,
  })
}

/** A real handshake between two ends of node:tls in this process, with every octet that crossed and the key log. */
import { Duplex } from 'node:stream'
import { connect, createServer, type ConnectionOptions, type TlsOptions, type TLSSocket } from 'node:tls'
import type { From } from './captures.ts'

export interface RecordedTls {
  /** In the order of travel; no octets: that end closes. */
  readonly flights: readonly { readonly from: From; readonly octets: Buffer }[]
  readonly keylog: string
}

/**
 * @param speak what the dialler says after the handshake, and the acceptor answers
 */
export async function recordTls(
  dialler: ConnectionOptions,
  acceptor: TlsOptions,
  speak: { readonly request: string; readonly answer: string } | undefined = undefined,
): Promise<RecordedTls> {
  const flights: { from: From; octets: Buffer }[] = []
  const keys: string[] = []
  const [near, far] = pipes((from, octets) => flights.push({ from, octets: Buffer.from(octets) }))
  const server = createServer(acceptor, (socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => socket.end(speak?.answer ?? ''))
    socket.on('end', () => socket.end())
  })
  server.emit('connection', far)
  const client = connect({ socket: near, ...dialler })
  client.on('keylog', (line) => keys.push(line.toString('latin1')))
  const ended = Promise.all([closed(client), finished(far)])
  client.on('data', () => undefined)
  client.on('secureConnect', () => {
    if (speak === undefined) client.end()
    else client.write(speak.request)
  })
  await ended
  return { flights, keylog: keys.join('') }
}

/** A refused handshake ends with an error at both ends, which is what the tests want to see. */
function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.on('end', () => socket.end())
  })
}

/** The transport under the acceptor, after tls.Server has let it go. */
function finished(transport: Duplex): Promise<void> {
  return new Promise((resolve) => {
    transport.on('error', () => undefined)
    transport.on('close', () => resolve())
  })
}

function pipes(record: (from: From, octets: Buffer) => void): readonly [Duplex, Duplex] {
  const make = (from: From, to: () => Duplex): Duplex => {
    let ended = false
    const end = (): void => {
      if (ended) return
      ended = true
      record(from, Buffer.alloc(0))
      if (!to().destroyed) to().push(null)
    }
    return new Duplex({
      read: () => undefined,
      write(octets: Buffer, _encoding, done) {
        record(from, octets)
        to().push(octets)
        done()
      },
      final(done) {
        end()
        done()
      },
      destroy(_error, done) {
        end()
        done(null)
      },
    })
  }
  const near: Duplex = make('dialler', () => far)
  const far: Duplex = make('acceptor', () => near)
  return [near, far]
}

/** A real handshake between two ends of node:tls in this process, with every octet that crossed and the key log. */
import { Duplex } from 'node:stream'
import { connect, TLSSocket, type ConnectionOptions, type TLSSocketOptions } from 'node:tls'
import type { From } from './captures.ts'

export interface RecordedTls {
  /** In the order of travel. */
  readonly flights: readonly { readonly from: From; readonly octets: Buffer }[]
  readonly keylog: string
}

/**
 * @param speak what the dialler says after the handshake, and the acceptor answers
 */
export async function recordTls(
  dialler: ConnectionOptions,
  acceptor: TLSSocketOptions,
  speak: { readonly request: string; readonly answer: string } | undefined = undefined,
): Promise<RecordedTls> {
  const flights: { from: From; octets: Buffer }[] = []
  const keys: string[] = []
  const [near, far] = pipes((from, octets) => flights.push({ from, octets: Buffer.from(octets) }))
  const server = new TLSSocket(far, { isServer: true, ...acceptor })
  const client = connect({ socket: near, ...dialler })
  client.on('keylog', (line) => keys.push(line.toString('latin1')))
  const ended = Promise.all([closed(client), closed(server)])
  server.on('data', () => server.end(speak?.answer ?? ''))
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

function pipes(record: (from: From, octets: Buffer) => void): readonly [Duplex, Duplex] {
  const make = (from: From, to: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write(octets: Buffer, _encoding, done) {
        record(from, octets)
        to().push(octets)
        done()
      },
      final(done) {
        to().push(null)
        done()
      },
      destroy(_error, done) {
        if (!to().readableEnded && !to().destroyed) to().push(null)
        done(null)
      },
    })
  const near: Duplex = make('dialler', () => far)
  const far: Duplex = make('acceptor', () => near)
  return [near, far]
}

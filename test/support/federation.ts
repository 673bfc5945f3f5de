import { createServer } from 'node:tls'
import type { Test } from 'tap'
import { PhoneError } from '../../src/phone/index.ts'
import { StreamFramer } from '../../src/sip/message/framer.ts'
import { defaultLimits } from '../../src/sip/message/types.ts'
import type { TestLab } from './lab.ts'
import { certificateOf, okFor, rawPeer, type RawPeer } from './raw-peer.ts'

/** The port of our edge where partners come in. */
const partnerPort = 5061

function partnerAddress(lab: TestLab, edge = 'edge'): string {
  const listener = lab.node(edge).listeners.find(({ face, port }) => face === 'external' && port === partnerPort)
  if (listener === undefined) throw new Error(`${edge} has no external listener at ${partnerPort}`)
  return listener.address
}

/** A peer at our edge with the certificate of the partner's, or of another node. */
export function partnerEdge(t: Test, lab: TestLab, node = 'partner-edge'): Promise<RawPeer> {
  return rawPeer(t, {
    address: partnerAddress(lab),
    port: partnerPort,
    transport: 'tls',
    serverName: 'sip.lab.test',
    certificate: certificateOf(lab, node, `${node}-external`),
  })
}

/** A peer at our edge that shows no certificate; rejects when there is no connection for it. */
export async function strangerAsks(t: Test, lab: TestLab): Promise<void> {
  const peer = await rawPeer(t, {
    address: partnerAddress(lab),
    port: partnerPort,
    transport: 'tls',
    serverName: 'sip.lab.test',
  })
  await peer.ask({ method: 'OPTIONS', uri: 'sip:sip.lab.test', from: 'sip:x@third.test' })
}

/**
 * Takes the place of the partner's edge, which must be stopped, and answers every request 200.
 *
 * @param headers whole lines in each answer
 */
export async function standInForPartner(t: Test, lab: TestLab, headers: readonly string[]): Promise<void> {
  const { certificate, key } = certificateOf(lab, 'partner-edge', 'partner-edge-external')
  const server = createServer({ cert: certificate, key, requestCert: true, rejectUnauthorized: false }, (socket) => {
    const framer = new StreamFramer(defaultLimits, {
      message: (message) => {
        if (message.kind === 'request' && message.method !== 'ACK')
          socket.write(okFor(message, undefined, headers), 'latin1')
      },
      malformed: () => socket.destroy(),
      lost: () => socket.destroy(),
      ping: () => socket.write('\r\n'),
      pong: () => undefined,
    })
    socket.on('data', (chunk: Buffer) => framer.push(chunk))
    socket.on('error', () => socket.destroy())
    t.teardown(() => socket.destroy())
  })
  t.teardown(() => server.close())
  const address = partnerAddress(lab, 'partner-edge')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(partnerPort, address, resolve)
  })
}

export interface Refusal {
  readonly status?: number
  /** Value of `ms-diagnostics`. */
  readonly diagnostics?: string
}

/** How what a phone asked for was refused. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof PhoneError)) throw error
  const { status, diagnostics } = error
  return { ...(status === undefined ? {} : { status }), ...(diagnostics === undefined ? {} : { diagnostics }) }
}

/** An answer as the other organisation sees it; `diagnostics: undefined` is the bare one. */
export function bare(response: { readonly status: number; header(name: string): string | undefined }): {
  readonly status: number
  readonly diagnostics: string | undefined
} {
  return { status: response.status, diagnostics: response.header('ms-diagnostics') }
}

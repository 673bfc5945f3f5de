/**
 * Reads what the other end of a handshake showed. Once per connection: a second reading of a refused client shows less.
 */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { SocketAddress } from '../flow.ts'
import type { PeerEvidence } from '../types.ts'

/** Longer chains are cut: no lab needs them, and a peer may send what it likes. */
const longestChain = 16

/**
 * The first thing done at the end of a handshake, before any octet is read.
 * An accepted client shows only its leaf, a refused one and every server the whole chain it sent.
 */
export function readEvidence(
  socket: TLSSocket,
  from: {
    readonly side: 'accepted' | 'dialled'
    readonly face: string
    readonly remote: SocketAddress
    readonly wantedName: string | undefined
  },
): PeerEvidence {
  const chain = readChain(socket.getPeerX509Certificate())
  const shown = chain.length > 0
  const errorCode = shown && !socket.authorized ? String(socket.authorizationError) : undefined
  return {
    ...from,
    chain,
    authorized: socket.authorized && shown,
    errorCode,
    errorMessage: errorCode === undefined ? undefined : (verifyMessage(socket) ?? errorCode),
    protocol: protocolOf(socket) ?? '',
    resumed: socket.isSessionReused(),
  }
}

/**
 * `TLSv1.3`; absent once the TLS of the socket has been freed: Node 24 ends with a segmentation fault when it is asked
 * for the version then, as in `tlsClientError` after the other end hung up.
 */
export function protocolOf(socket: TLSSocket): string | undefined {
  const wrap: unknown = Reflect.get(socket, 'ssl')
  return typeof wrap !== 'object' || wrap === null ? undefined : (socket.getProtocol() ?? undefined)
}

function readChain(leaf: X509Certificate | undefined): Buffer[] {
  const chain: Buffer[] = []
  let certificate = leaf
  while (certificate !== undefined && chain.length < longestChain) {
    chain.push(certificate.raw)
    const issuer: X509Certificate | undefined = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain
}

/**
 * `authorizationError` keeps the code only; with `UNSPECIFIED` the message says everything, and only the wrap still has
 * it.
 */
function verifyMessage(socket: TLSSocket): string | undefined {
  const wrap: unknown = Reflect.get(socket, 'ssl')
  if (typeof wrap !== 'object' || wrap === null) return undefined
  const verifyError: unknown = Reflect.get(wrap, 'verifyError')
  if (typeof verifyError !== 'function') return undefined
  const error: unknown = Reflect.apply(verifyError, wrap, [])
  return error instanceof Error ? error.message : undefined
}

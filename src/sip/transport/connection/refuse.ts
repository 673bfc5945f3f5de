/** How a listener ends a connection whose peer it refuses, once the handshake is over. */
import type { TLSSocket } from 'node:tls'
import { answer } from '../../message/answer.ts'
import { StreamFramer } from '../../message/framer.ts'
import type { MessageLimits, SipMessage } from '../../message/types.ts'
import type { SocketAddress } from '../flow.ts'
import type { ListenerSettings } from '../types.ts'
import { destroyLater } from './close-delay.ts'

/** The connection closes without an answer, as with real servers: what the peer has sent is never looked at. */
function closeSilently(socket: TLSSocket): void {
  socket.end(() => socket.destroy())
}

/** One request is read and answered with 403; no transaction and no policy ever sees it. */
function explain(socket: TLSSocket, code: string, remote: SocketAddress, limits: MessageLimits): void {
  let over = false
  const finish = (text?: string): void => {
    if (over) return
    over = true
    socket.removeListener('data', read)
    if (text === undefined) return closeSilently(socket)
    socket.end(text, 'latin1', () => socket.destroy())
  }
  const framer = new StreamFramer(limits, {
    message: (message) => finish(refusalOf(message, code, remote)),
    malformed: () => finish(),
    lost: () => finish(),
    ping: () => undefined,
    pong: () => undefined,
  })
  const read = (chunk: Buffer): void => framer.push(chunk)
  socket.on('data', read)
}

const status = 403
const phrase = 'Connection refused: '

/** Whether the first octets on a connection are such an answer: it is refused all the same, and not confirmed. */
export function isExplained(chunk: Buffer): boolean {
  const start = `SIP/2.0 ${status} ${phrase}`
  return chunk.length >= start.length && chunk.toString('latin1', 0, start.length) === start
}

/** `403 Connection refused: cert.expired`. An ACK and a response get no answer. */
function refusalOf(message: SipMessage, code: string, remote: SocketAddress): string | undefined {
  if (message.kind !== 'request' || message.method === 'ACK') return undefined
  message.stampTopVia(remote.address, remote.port)
  return answer(message, status, { reason: `${phrase}${code.replace(/[^\w.-]/g, '')}` })
}

export function refuse(
  socket: TLSSocket,
  { transport, refusals }: Pick<ListenerSettings, 'transport' | 'refusals'>,
  code: string,
  remote: SocketAddress,
  limits: MessageLimits,
): void {
  if (refusals === 'explained' && transport === 'tls') explain(socket, code, remote, limits)
  else closeSilently(socket)
  destroyLater(socket)
}

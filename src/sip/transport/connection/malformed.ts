/** What a malformed message is answered with, on the flow it came by. */
import { answerMalformed, warning399 } from '../../message/answer.ts'
import type { MessageError } from '../../message/message-error.ts'
import type { SocketAddress } from '../flow.ts'

/**
 * @param agent named in a Warning that says which field is at fault, and where; undefined: the peer is not to know
 * @returns undefined: no answer is possible (no Via that can be read) or due (a response, an ACK)
 */
export function answerTo(error: MessageError, remote: SocketAddress, agent: string | undefined): string | undefined {
  const { partial } = error
  if (partial === undefined || partial.method === 'ACK') return undefined
  partial.stampTopVia(remote.address, remote.port)
  return answerMalformed(partial, error.status, agent === undefined ? undefined : warning399(agent, error.message))
}

/** What a malformed message is answered with, on the flow it came by. */
import { answerMalformed } from '../../message/answer.ts'
import type { MessageError } from '../../message/message-error.ts'
import type { SocketAddress } from '../flow.ts'

/** undefined: no answer is possible (no Via that can be read) or due (a response, an ACK). */
export function answerTo(error: MessageError, remote: SocketAddress): string | undefined {
  const { partial } = error
  if (partial === undefined || partial.method === 'ACK') return undefined
  partial.stampTopVia(remote.address, remote.port)
  return answerMalformed(partial, error.status)
}

/** From the callbacks of sip.js to one promise per request. */
import type { Core } from 'sip.js'
import { lostReason, type PhoneLine } from './line.ts'
import { refused, unreachable, type PhoneAnswer, type PhoneError } from './phone-error.ts'

type IncomingResponse = Core.IncomingResponse
type OutgoingRequestDelegate = Core.OutgoingRequestDelegate

export interface Answered {
  readonly delegate: OutgoingRequestDelegate
  /** A 2xx; everything else rejects. */
  readonly accepted: Promise<IncomingResponse>
}

/** `answered('MESSAGE sip:bob@lab.test', line)`: hand `delegate` to sip.js, await `accepted`. */
export function answered(what: string, line: PhoneLine): Answered {
  const outcome = Promise.withResolvers<IncomingResponse>()
  // A time-out may have ended the wait; then no one handles a late rejection.
  outcome.promise.catch(() => undefined)
  const reject = (response: IncomingResponse): void => outcome.reject(errorOf(what, line, response))
  return { delegate: { onAccept: outcome.resolve, onReject: reject, onRedirect: reject }, accepted: outcome.promise }
}

/** The error a final response is; the 503 of a lost flow becomes the verdict on that flow. */
export function errorOf(what: string, line: PhoneLine, response: IncomingResponse): PhoneError {
  const answer = readAnswer(response)
  if (answer.reason === lostReason && line.lastVerdict !== undefined)
    return unreachable(`${what} was not answered`, line.lastVerdict)
  return refused(what, answer)
}

export function readAnswer({ message }: IncomingResponse): PhoneAnswer {
  const diagnostics = message.getHeader('ms-diagnostics') ?? message.getHeader('ms-diagnostics-public')
  return {
    status: message.statusCode ?? 0,
    reason: message.reasonPhrase ?? '',
    ...(diagnostics === undefined ? {} : { diagnostics }),
    header: (name) => message.getHeader(name),
  }
}

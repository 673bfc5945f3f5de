/**
 * A session description without media: sip.js wants to offer and answer something, and siplab carries signalling only.
 */
import type { BodyAndContentType, SessionDescriptionHandler } from 'sip.js'

const contentType = 'application/sdp'

/** Port 9 is the discard port: nothing is ever sent there. RFC 4566 §5. */
const description = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=siplab',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 9 RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
  'a=inactive',
  '',
].join('\r\n')

/** Answer to an offer of messages alone: they come as MESSAGE in the dialog. LCS 2005 writes `x-ms-message`. */
function messagesOnly(media: string): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=session',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=${media} 5060 sip null`,
    'a=accept-types:text/plain',
    '',
  ].join('\r\n')
}

const messageMedia = /^m=((?:x-ms-)?message) /m

/** Whether an INVITE offers a session of messages, as Communicator clients do, and no media. */
export function offersMessages(sdp: string | undefined): boolean {
  return sdp !== undefined && messageMedia.test(sdp) && !/^m=(?:audio|video) /m.test(sdp)
}

/** For `sessionDescriptionHandlerFactory`. */
export function signallingOnly(): SessionDescriptionHandler {
  let answer = description
  return {
    close: () => undefined,
    getDescription: (): Promise<BodyAndContentType> => Promise.resolve({ body: answer, contentType }),
    hasDescription: (type) => type === contentType,
    setDescription(sdp) {
      if (offersMessages(sdp)) answer = messagesOnly(messageMedia.exec(sdp)?.[1] ?? 'message')
      return Promise.resolve()
    },
    sendDtmf: () => false,
  }
}

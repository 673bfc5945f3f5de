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

/** For `sessionDescriptionHandlerFactory`. */
export function signallingOnly(): SessionDescriptionHandler {
  return {
    close: () => undefined,
    getDescription: (): Promise<BodyAndContentType> => Promise.resolve({ body: description, contentType }),
    hasDescription: (type) => type === contentType,
    setDescription: () => Promise.resolve(),
    sendDtmf: () => false,
  }
}

/** One user of the population: a phone, what it watches, and what it said of itself. */
import type { Phone, Watch } from '../phone/index.ts'
import type { Random } from './random.ts'

/** One subscription of a resident. */
export interface Watched {
  readonly of: string
  watch: Watch
  /** Highest version seen. */
  seen: number
  /** The flow was lost since: a NOTIFY may have gone with it, and the next refresh brings the whole state. */
  excused: boolean
  /** Monotonic milliseconds of the last 2xx to SUBSCRIBE. */
  acceptedAt: number
}

export interface Resident {
  readonly phone: Phone
  readonly random: Random
  readonly watched: Map<string, Watched>
  /** Version of the last document it tried to publish. */
  version: number
  /** SIP-ETag of the document that is in force. */
  etag: string | undefined
  /** It is signing in, out or on again: its binding may be there or not. */
  moving: boolean
  /** How often it has begun to move or has lost its flow. */
  moves: number
}

/** A PIDF document (RFC 3863) with its version in the note. */
export function presenceDocument(uri: string, version: number): string {
  const entity = uri.replace(/^sip:/, 'pres:')
  return (
    `<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${entity}">` +
    `<tuple id="soak"><status><basic>open</basic></status><note>version ${version}</note></tuple></presence>`
  )
}

/** The version in a document of `presenceDocument` as a server shows it; 0: the user has published none. */
export function versionIn(document: string): number {
  return Number(/>version (\d{1,9})</.exec(document)?.[1] ?? 0)
}

/**
 * What the layers above see of a SIP message.
 *
 * The text is kept as it came (latin1: one character per octet, reversible for any bytes); header fields are an index
 * into it, parsed on first use and kept. Nothing here changes a message: a forwarded one is written anew by `edit.ts`.
 */

/** `sip:alice@lab.test:5061;transport=tls`, or any other scheme kept opaque. Text is as received, escapes undecoded. */
export interface SipUri {
  /** Lower case: `sip`, `sips`, `tel`, or another. */
  readonly scheme: string
  /**
   * User part as received (escapes kept); undefined when absent. For `tel` the number. For unknown schemes undefined.
   */
  readonly user: string | undefined
  /** Lower case; IPv6 with its brackets: `[2001:db8::1]`. Empty for tel and unknown schemes. */
  readonly host: string
  readonly port: number | undefined
  /** Names lower case and unescaped, values as received; `undefined` value: present without a value. */
  readonly parameters: ReadonlyMap<string, string | undefined>
  /** The text behind `?`, undefined when absent. */
  readonly headers: string | undefined
  /** The whole URI as received. */
  readonly text: string
}

/** One From, To, Contact, Route, Record-Route or Path value. */
export interface NameAddress {
  /** Unquoted and unescaped. */
  readonly displayName: string | undefined
  readonly uri: SipUri
  /** Header parameters; names lower case, quoted strings unquoted. */
  readonly parameters: ReadonlyMap<string, string | undefined>
  /** As received, unfolded. */
  readonly text: string
}

export interface Via {
  /** Upper case: `TLS`. */
  readonly transport: string
  /** Lower case; IPv6 with brackets. */
  readonly host: string
  readonly port: number | undefined
  readonly branch: string | undefined
  readonly received: string | undefined
  /** undefined: absent; 0: present without a value. */
  readonly rport: number | undefined
  readonly parameters: ReadonlyMap<string, string | undefined>
  readonly text: string
}

interface Common {
  /** Head and body as latin1, exactly this message. */
  readonly text: string
  /** Offset of the first body character in `text`. */
  readonly bodyStart: number
  /** Method of a request; CSeq method of a response. */
  readonly method: string
  readonly callId: string
  readonly cseq: number
  /** undefined when absent. */
  readonly fromTag: string | undefined
  readonly toTag: string | undefined
  readonly from: NameAddress
  readonly to: NameAddress
  /** As `from.uri` and `to.uri`, but nothing else of the field is read for it. */
  readonly fromUri: SipUri
  readonly toUri: SipUri
  readonly topVia: Via
  /** The top Via as it came, and the source that the transport saw: for comparisons, nothing of it is read. */
  readonly topViaKey: string
  /** Branch of the top Via, as `topVia.branch`, but nothing else of the Via is read for it. */
  readonly branch: string | undefined
  /**
   * Host, in lower case, and port of the top Via, `edge.lab.test:5061` or without the port; nothing else of the Via is
   * read for it.
   */
  readonly sentBy: string
  /** Whether the top Via has `alias` (RFC 5923); nothing else of the Via is read for it. */
  readonly asksForAlias: boolean
  /** Every Via value, top first. */
  vias(): readonly Via[]
  /** One Via value only: who sent this made it. */
  readonly hasOneVia: boolean
  /**
   * Every value of a name-address list header, split at commas, in order; empty when absent. Throws MessageError when
   * one is malformed.
   */
  addresses(
    name:
      | 'Route'
      | 'Record-Route'
      | 'Contact'
      | 'Path'
      | 'Service-Route'
      | 'P-Asserted-Identity'
      | 'P-Preferred-Identity',
  ): readonly NameAddress[]
  /**
   * The first header field of that name (long or compact, any case), unfolded and trimmed, latin1. undefined: absent.
   */
  header(name: string): string | undefined
  /** Every header field of that name, one string a line, unfolded, not split. */
  headers(name: string): readonly string[]
  /**
   * Comma-separated tokens over all lines of that name (Supported, Require, Allow, ...), quoted strings and `<>`
   * respected.
   */
  list(name: string): readonly string[]
  /** Body as latin1; `Buffer.from(body, 'latin1')` gives the octets back. */
  readonly body: string
  /**
   * What the transport saw as the source; written into the top Via whenever this message is forwarded or answered (RFC
   * 3261 §18.2.1, RFC 3581).
   */
  stampTopVia(received: string, rport: number): void
  /**
   * The port of that source where an answer over UDP is heard: the one in sent-by where sent-by names the source and no
   * `rport` was asked for (RFC 3261 §18.2.2), else the source port (RFC 3581 §4). Lab choice: so too where sent-by
   * names another address, for a phone behind a NAT.
   */
  readonly answerPort: number
}

export interface SipRequest extends Common {
  readonly kind: 'request'
  /** As received, e.g. `sip:bob@lab.test`. */
  readonly requestUri: string
  /** Parsed on first use; throws MessageError 400 when malformed. */
  readonly uri: SipUri
  /** undefined when absent. */
  readonly maxForwards: number | undefined
  /** The first Route header field, unfolded and trimmed, not split; undefined: none. */
  readonly topRoute: string | undefined
}

export interface SipResponse extends Common {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
}

export type SipMessage = SipRequest | SipResponse

/** Settings of the reader, checked before anything is buffered. */
export interface MessageLimits {
  readonly startLineBytes: number
  readonly headBytes: number
  readonly headerFields: number
  readonly bodyBytes: number
}

export const defaultLimits: MessageLimits = {
  startLineBytes: 8 * 1024,
  headBytes: 64 * 1024,
  headerFields: 256,
  bodyBytes: 1024 * 1024,
}

/** One header field to add, its name as the wire shall have it. */
export type HeaderField = readonly [name: string, value: string]

/** What a proxy changes in a request it forwards (RFC 3261 §16.6). Everything not named stays octet for octet. */
export interface RequestEdits {
  /** New Request-URI; undefined keeps it. */
  readonly requestUri: string | undefined
  readonly maxForwards: number
  /** Value of the new top Via, e.g. `SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bK…`. */
  readonly via: string
  /** How many Route values to drop from the top. */
  readonly dropRoutes: number
  /** Route values to put above what is left, top first (a binding's Path, an outbound proxy). Empty for none. */
  readonly pushRoutes: readonly string[]
  /** Route value to put below what is left (strict next hop, §16.6 step 6). */
  readonly appendRoute: string | undefined
  /** Record-Route values to put on top, top first. */
  readonly recordRoutes: readonly string[]
  /** Header fields to remove wherever they are, canonical long names in lower case. */
  readonly remove: readonly string[]
  /** Header fields added after the Via block. */
  readonly add: readonly HeaderField[]
}

export interface ResponseEdits {
  readonly dropTopVia: boolean
  readonly remove: readonly string[]
  readonly add: readonly HeaderField[]
}

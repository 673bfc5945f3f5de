/** What the header fields of SIP mean, one sentence each, with the place that says so. */

const meanings: Readonly<Record<string, string>> = {
  via: 'A hop of the request, which the response goes back by; the branch names the transaction (RFC 3261 §20.42)',
  'max-forwards': 'How many hops are left before a proxy refuses it as a loop (RFC 3261 §20.22)',
  from: 'Who began the dialog; its tag is one half of the dialog ID (RFC 3261 §20.20)',
  to: 'Whom it is for; its tag, set by the answerer, is the other half of the dialog ID (RFC 3261 §20.39)',
  'call-id': 'Names the call: the same in every message of a dialog and on every hop (RFC 3261 §20.8)',
  cseq: 'Orders the requests of a dialog and names the method a response answers (RFC 3261 §20.16)',
  contact: 'Where the sender can be reached directly from now on (RFC 3261 §20.10)',
  'record-route': 'A proxy that wants to stay on the way of later requests (RFC 3261 §20.30)',
  route: 'The proxies the request must pass, in order (RFC 3261 §20.34)',
  path: 'Proxies between the phone and its registrar, for requests to it (RFC 3327)',
  expires: 'For how many seconds the binding or subscription is wanted (RFC 3261 §20.19)',
  authorization: 'The answer to a challenge of the registrar or server; its value is blanked here (RFC 3261 §20.7)',
  'proxy-authorization': 'The answer to a challenge of a proxy; its value is blanked here (RFC 3261 §20.28)',
  'www-authenticate': 'A challenge: who are you? (RFC 3261 §20.44)',
  'proxy-authenticate': 'A challenge by a proxy: who are you? (RFC 3261 §20.27)',
  'authentication-info': 'The server proves itself after a login (RFC 3261 §20.6)',
  allow: 'Methods the sender understands (RFC 3261 §20.5)',
  accept: 'Bodies the sender understands (RFC 3261 §20.1)',
  supported: 'Extensions the sender understands (RFC 3261 §20.37)',
  require: 'Extensions the receiver must understand, or refuse (RFC 3261 §20.32)',
  'proxy-require': 'Extensions every proxy must understand, or refuse (RFC 3261 §20.29)',
  'user-agent': 'The program that sent the request (RFC 3261 §20.41)',
  server: 'The program that sent the response (RFC 3261 §20.35)',
  'content-type': 'What the body is (RFC 3261 §20.15)',
  'content-length': 'Octets of the body; on TCP and TLS it ends the message (RFC 3261 §20.14)',
  event: 'What is subscribed to or told about (RFC 6665 §8.2.1)',
  'subscription-state': 'Whether the subscription goes on (RFC 6665 §8.2.3)',
  'p-asserted-identity': 'Who the caller is, said by a trusted server (RFC 3325)',
  'ms-diagnostics': 'Why a server refused, in the words of OCS',
  reason: 'Why the request was made or ended (RFC 3326)',
  date: 'When it was sent, by the clock of the sender (RFC 3261 §20.17)',
}

const short: Readonly<Record<string, string>> = {
  v: 'via',
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  k: 'supported',
  o: 'event',
}

/** @returns undefined for a field that is not in the list */
export function meaningOf(name: string): string | undefined {
  const lower = name.toLowerCase()
  return meanings[short[lower] ?? lower]
}

export interface ReadMessage {
  readonly startLine: string
  readonly fields: readonly { readonly name: string; readonly value: string }[]
  readonly body: string
}

export function readMessage(text: string): ReadMessage {
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? text : text.slice(0, end)
  const [startLine = '', ...lines] = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  const fields = lines
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(':')
      return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() }
    })
  return { startLine, fields, body: end < 0 ? '' : text.slice(end + 4) }
}

/** White space stands wherever RFC 3261 §25.1 allows it, and means nothing. */
import { deepStrictEqual } from 'node:assert/strict'
import { fc } from '../../support/property.ts'
import t from 'tap'
import { MessageError, type NameAddress, parseText, type SipMessage, type Via } from '../../../src/sip/message/index.ts'

/** `_` stands for optional white space, `~` for at least one blank. */
const fields: readonly (readonly [name: string, value: string])[] = [
  ['Via', '_SIP_/_2.0_/_UDP~192.0.2.1_:_4000_;_branch_=_z9hG4bK9_;_rport_;_ttl_=_16_,_SIP_/_2.0_/_TLS~b.lab.test_'],
  ['From', '_"Alice"_<sip:alice@lab.test>_;_tag_=_a1_;_epid_=_"x y"_'],
  ['To', '_<sip:bob@lab.test:5070>_;_tag_=_b1_'],
  ['Call-ID', '_call-1@192.0.2.1_'],
  ['CSeq', '_17~INVITE_'],
  ['Max-Forwards', '_70_'],
  ['Contact', '_<sip:alice@192.0.2.1;transport=tcp>_;_q_=_0.5_;_expires_=_60_,_"B"_<sip:b@192.0.2.2>_'],
  ['Route', '_<sip:se.lab.test;lr>_,_<sip:b.lab.test;lr>_;_x_=_1_'],
  ['Path', '_<sip:t@edge.lab.test;lr;ob>_,_<sip:p.lab.test;lr>_'],
  ['Supported', '_path_,_outbound_,_gruu_'],
  ['Require', '_path_,_foo_'],
  ['Content-Length', '_0_'],
]

function written(start: string, blanks: () => string): string {
  const fill = (value: string): string => value.replace(/_/g, () => blanks()).replace(/~/g, () => ` ${blanks()}`)
  const lines = fields.map(([name, value]) => `${name}${blanks().replace(/\r\n/g, '')}:${fill(value)}`)
  return `${[start, ...lines].join('\r\n')}\r\n\r\n`
}

/** Everything that is read of a message, without its spelling. */
function read(message: SipMessage): unknown {
  const via = ({ transport, host, port, branch, parameters }: Via): unknown => [
    transport,
    host,
    port,
    branch,
    [...parameters],
  ]
  const address = ({ displayName, uri, parameters }: NameAddress): unknown => [displayName, uri.text, [...parameters]]
  const lists = (['Contact', 'Route', 'Path'] as const).map((name) => message.addresses(name).map(address))
  return [
    message.vias().map(via),
    via(message.topVia),
    [message.branch, message.sentBy, message.fromTag, message.toTag, message.callId, message.cseq, message.method],
    [message.kind === 'request' && message.maxForwards, address(message.from), address(message.to), message.hasOneVia],
    lists,
    message.list('Supported'),
    message.list('Require'),
  ]
}

// conformance: RFC 3261 §25.1 — white space is read wherever the grammar allows it, in requests and responses
t.test('white space changes nothing in any structured field', async () => {
  for (const start of ['INVITE sip:bob@lab.test SIP/2.0', 'SIP/2.0 200 OK']) {
    const plain = read(parseText(written(start, () => '')))
    fc.assert(
      fc.property(fc.infiniteStream(fc.constantFrom('', ' ', '\t', '  ', '\r\n ', ' \r\n\t')), (blanks) => {
        deepStrictEqual(read(parseText(written(start, () => blanks.next().value))), plain)
      }),
      { numRuns: 100 },
    )
  }
})

// conformance: RFC 3261 §20.42 — the second example of a Via, with blanks around slashes and behind the colon
t.test('the Via that the RFC prints is read', async (t) => {
  const example = 'SIP / 2.0 / UDP first.example.com: 4000;ttl=16;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1'
  const message = parseText(written('SIP/2.0 200 OK', () => '').replace(/Via:.*/, `Via: ${example}`))
  t.strictSame(
    [message.topVia.host, message.topVia.port, message.sentBy],
    ['first.example.com', 4000, 'first.example.com:4000'],
  )
})

// Many a peer ends a line there: what follows would be a header field, or a message, that was never looked at.
t.test('a message with a CR or an LF alone anywhere in its head is not read', async (t) => {
  const requests = [written('INVITE sip:bob@lab.test SIP/2.0', () => ''), written('INVITE sip:b@x SIP/2.0', () => ' ')]
  const others = 'Subject: a "b" c\r\n d\r\nP-Asserted-Identity : "B" <sip:b@x>\r\nX:\r\n'
  const texts = [...requests, written('SIP/2.0 200 Very well', () => '')].map((text) =>
    text.replace('Route:', `${others}Route:`).replace('Route :', `${others}Route :`),
  )
  const read: string[] = []
  for (const text of texts)
    for (let at = 0; at < text.length - 1; at++)
      for (const alone of ['\r', '\n', '\r\r', '\n\n']) {
        const changed = text.slice(0, at) + alone + text.slice(at)
        try {
          parseText(changed)
          read.push(JSON.stringify(changed.slice(Math.max(0, at - 20), at + 20)))
        } catch (error) {
          if (!(error instanceof MessageError)) throw error
        }
      }
  t.strictSame(read, [])
})

import { fc } from '../../support/property.ts'
import t from 'tap'
import { MessageError, parseText, type SipMessage } from '../../../src/sip/message/index.ts'
import { invite } from './messages.ts'

/** What a router reads of a message; the same whichever reader read it. */
function seen(message: SipMessage): readonly unknown[] {
  const { method, callId, cseq, fromTag, toTag, branch, sentBy, asksForAlias, fromUri, toUri, from, to, topVia } =
    message
  message.stampTopVia('192.0.2.99', 4711)
  return [
    message.kind,
    method,
    callId,
    cseq,
    fromTag,
    toTag,
    branch,
    sentBy,
    asksForAlias,
    fromUri.text,
    toUri.text,
    from.uri.text,
    to.uri.text,
    topVia.host,
    topVia.port,
    message.topVia.parameters.get('received'),
    message.topVia.parameters.get('rport'),
  ]
}

/** The same as text, or the code of the fault. */
function outcome(text: string): string {
  try {
    return JSON.stringify(seen(parseText(text)))
  } catch (error) {
    return error instanceof MessageError ? error.code : String(error)
  }
}

/**
 * Every line with another blank behind its colon: what the readers of the usual spelling leave to the whole grammar.
 */
function unusual(text: string): string {
  const end = text.indexOf('\r\n\r\n')
  return text.slice(0, end).replace(/^([A-Za-z-]+): /gm, '$1:  ') + text.slice(end)
}

const host = fc.constantFrom('edge.lab.test', '192.0.2.1', 'a', '[2001:db8::1]')
const port = fc.constantFrom('', ':5061', ':1', ':65535', ':00080')
const parameter = fc.constantFrom(
  '',
  ';rport',
  ';rport=5070',
  ';received=192.0.2.7',
  ';alias',
  ';ttl=3',
  ';RPORT',
  ';ms-received-cid=1D00',
)
const via = fc
  .tuple(host, port, parameter, fc.constantFrom('z9hG4bK7f1a', 'z9hG4bK-a.b_c~d'), parameter)
  .map(
    ([h, p, before, branch, behind]) =>
      `SIP/2.0/TLS ${h}${p}${before === behind ? '' : before};branch=${branch}${behind}`,
  )
const display = fc.constantFrom('', '"Alice Adams" ', 'Alice ', '"a \\" b" ', '""')
const address = fc
  .tuple(
    display,
    fc.constantFrom('sip:alice@', 'sips:alice@', 'sip:a%20b@', 'sip:', 'SIP:alice;x=y@'),
    host,
    port,
    fc.constantFrom('', ';tag=8f1c', ';epid=0a1b;tag=8f1c', ';tag=8f1c;epid=0a1b', ';TAG=8f1c', ';x;tag=1'),
    fc.constantFrom('', ';transport=tls'),
  )
  .map(([name, user, h, p, parameters, inside]) => `${name}<${user}${h}${p}${inside}>${parameters}`)

t.test('the usual spelling', async (t) => {
  t.test('is read as the whole grammar reads it', async (_t) => {
    fc.assert(
      fc.property(via, address, address, fc.nat(99), fc.nat(2 ** 31), (via, from, to, hops, cseq) => {
        const text =
          `OPTIONS sip:lab.test SIP/2.0\r\nVia: ${via}\r\nFrom: ${from}\r\nTo: ${to}\r\n` +
          `Call-ID: 3848@192.0.2.10\r\nCSeq: ${cseq} OPTIONS\r\nMax-Forwards: ${hops}\r\nContent-Length: 0\r\n\r\n`
        return outcome(text) === outcome(unusual(text))
      }),
      { numRuns: 500 },
    )
  })

  t.test('takes no octet the whole grammar refuses', async (_t) => {
    const sane = invite()
    const headEnd = sane.indexOf('\r\n\r\n')
    fc.assert(
      fc.property(
        fc.integer({ min: sane.indexOf('\r\n') + 2, max: headEnd - 1 }),
        fc.integer({ min: 33, max: 255 }),
        (at, octet) => {
          fc.pre(!':\r\n '.includes(sane[at] ?? ''))
          const text = sane.slice(0, at) + String.fromCharCode(octet) + sane.slice(at + 1)
          return outcome(text) === outcome(unusual(text))
        },
      ),
      { numRuns: 1500 },
    )
  })
})

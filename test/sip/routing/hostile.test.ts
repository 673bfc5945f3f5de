/** What peers send beyond what the proxy reads itself: it may be broken in any way, and harms nobody else. */
import { fc } from '../../support/property.ts'
import t from 'tap'
import { parseDatagram } from '../../../src/sip/message/index.ts'
import { MessageError } from '../../../src/sip/message/message-error.ts'
import { parseOwn } from '../../../src/sip/message/parse.ts'
import type { SipMessage, SipRequest } from '../../../src/sip/message/types.ts'
import type { FakeFlow } from '../../support/fake-transport.ts'
import { type ProxyBench, proxyBench, settle } from '../../support/proxy-bench.ts'
import { cancelFor, request, responseTo } from '../../support/sip-messages.ts'

const brokenVia = ['Via', '"\\"" <sip:u@lab.test>;tag=\\'] as const
const brokenBelow = { uri: 'sip:bob@callee.lab.test', headers: [brokenVia] }

t.test('a Via below the top one that cannot be read', async (t) => {
  t.test('does not keep the ACK of a failure back', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request(brokenBelow))
    bench.answer(bench.to(7001), 486)
    t.match(bench.to(7001).lines.at(-1), /^ACK /)
    t.same(bench.errors, [])
  })

  t.test('does not keep a CANCEL back', async (t) => {
    const bench = proxyBench()
    const invite = request(brokenBelow)
    await bench.arrive(invite)
    bench.answer(bench.to(7001), 180)
    await bench.arrive(cancelFor(invite))
    t.match(bench.to(7001).lines.at(-1), /^CANCEL /)
  })

  t.test('in a response for a flow that is gone ends that response only', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ uri: 'sip:bob@callee.lab.test' }))
    const flow = bench.to(7001)
    bench.caller.close()
    const text = responseTo(flow.request(0), 200).text.replace(/(Via: [^\r]*\r\n)Via: [^\r]*/, `$1Via: ${brokenVia[1]}`)
    feed(bench, text, flow)
    await settle()
    t.match(bench.errors, [MessageError])
  })
})

t.test('a head at the limit of what is read, with what the proxy adds, can still be acknowledged', async (t) => {
  const bench = proxyBench()
  await bench.arrive(
    request({
      uri: 'sip:bob@callee.lab.test',
      headers: Array.from({ length: 248 }, (_, number) => [`X-${number}`, 'x'] as const),
    }),
  )
  const flow = bench.to(7001)
  const copy = parseOwn(flow.sent[0] ?? '')
  if (copy.kind !== 'request') throw new TypeError('no request went out')
  feed(bench, responseTo(copy, 486).text, flow)
  t.match(flow.lines.at(-1), /^ACK /)
})

t.test('a request whose head would be longer behind this server than servers read', async (t) => {
  const padded = (method: string, octets: number): SipRequest =>
    request({ method, uri: 'sip:bob@callee.lab.test', headers: [['X-Pad', 'x'.repeat(octets)]] })
  const long = (method: string): SipRequest => padded(method, 65_530 - padded(method, 0).text.length)

  for (const method of ['INVITE', 'MESSAGE'])
    t.test(`${method} is refused 513, and is not sent`, async (t) => {
      const bench = proxyBench()
      await bench.arrive(long(method))
      t.equal(bench.caller.response().status, 513)
      t.same([bench.to(7001).lines, bench.proxy.transactions.counts.client], [[], 0])
      await bench.arrive(padded(method, 64_000))
      t.equal(bench.to(7001).lines.length, 1, 'one that fits is sent')
    })

  t.test('an answer that its open flow does not take is not dialled', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ uri: 'sip:bob@callee.lab.test' }))
    bench.caller.full = true
    bench.answer(bench.to(7001), 200)
    await settle()
    t.same([bench.transport.dialled.length, bench.told], [1, ['dropped flow.refused-message', '200 passed']])
  })
})

const values = [
  '',
  '*',
  '0',
  '-1',
  '99999999999',
  '"',
  '<',
  '<sip:',
  '<sip:[::1]>',
  '<sip:x@127.0.0.1:9;maddr=1.1.1.1;lr>',
  'SIP/2.0/UDP [::1];branch=z9hG4bK;received=::1',
  '0 ACK',
  '1 CANCEL',
  '*;expires=0',
  'a;b=c',
  '((',
  ',,',
  '\xff\x00',
]
const names = [
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Contact',
  'Route',
  'Record-Route',
  'Max-Forwards',
  'Content-Length',
  'Require',
  'Proxy-Require',
  'Max-Breadth',
  'Retry-After',
  'v',
  'f',
  'l',
]
const firstLines = [
  'SIP/2.0 302 Moved',
  'SIP/2.0 200 OK',
  'SIP/2.0 999 X',
  'CANCEL sip:bob@callee.lab.test SIP/2.0',
  'ACK sip:bob@callee.lab.test SIP/2.0',
  'OPTIONS * SIP/2.0',
  'INVITE tel:+1 SIP/2.0',
]

/** One line of a message dropped, doubled, added, emptied, changed in one octet, or moved. */
const change = fc.record({
  kind: fc.nat(6),
  line: fc.nat(40),
  other: fc.nat(40),
  octet: fc.nat(255),
  name: fc.constantFrom(...names),
  value: fc.constantFrom(...values),
  first: fc.constantFrom(...firstLines),
})
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never

function changed(text: string, changes: readonly Change[]): string {
  const lines = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')
  for (const { kind, line, other, octet, name, value, first } of changes) {
    const at = line % lines.length
    const now = lines[at] ?? ''
    if (kind === 0) lines.splice(at, 1)
    else if (kind === 1) lines.splice(at, 0, now)
    else if (kind === 2) lines.splice(Math.max(1, at), 0, `${name}: ${value}`)
    else if (kind === 3) lines[at] = now.slice(0, now.indexOf(':') + 1) + value
    else if (kind === 4)
      lines[at] =
        now.slice(0, other % (now.length + 1)) + String.fromCharCode(octet) + now.slice((other % (now.length + 1)) + 1)
    else if (kind === 5) lines.splice(other % lines.length, 0, ...lines.splice(at, 1))
    else lines[0] = first
    if (lines.length === 0) lines.push(first)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** As a transport hands it on: what cannot be read ends there. */
function feed({ proxy }: ProxyBench, text: string, flow: FakeFlow): void {
  let message: SipMessage
  try {
    message = parseDatagram(Buffer.from(text, 'latin1'))
  } catch (error) {
    if (error instanceof MessageError) return
    throw error
  }
  if (message.kind === 'response') return proxy.transactions.onResponse(message, flow)
  message.stampTopVia('127.0.41.99', 40000)
  proxy.transactions.onRequest(message, flow)
}

t.test('a request and its answers, changed in any way, end in no error but that of a message (property)', async () => {
  const changes = fc.array(change, { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(
      changes,
      fc.array(fc.record({ status: fc.constantFrom(100, 180, 200, 302, 401, 430, 486, 503, 600), changes }), {
        maxLength: 5,
      }),
      fc.boolean(),
      fc.constantFrom('udp' as const, 'tls' as const),
      async (before, answers, isGone, transport) => {
        const bench = proxyBench({ transport, forward: { recurse: true } })
        feed(bench, changed(request({ uri: 'sip:bob@callee.lab.test' }).text, before), bench.caller)
        await settle()
        if (isGone) bench.caller.close()
        for (const flow of [...bench.transport.flows.values()].filter(({ remote }) => remote.port === 7001)) {
          const sent = flow.sent.find((text) => !text.startsWith('SIP/2.0'))
          if (sent === undefined) continue
          const copy = parseDatagram(Buffer.from(sent, 'latin1'))
          if (copy.kind !== 'request') continue
          for (const { status, changes } of answers) feed(bench, changed(responseTo(copy, status).text, changes), flow)
        }
        await settle()
        bench.clock.advance(600_000)
        await settle()
        const bug = bench.errors.find((error) => !(error instanceof MessageError))
        if (bug !== undefined) throw bug
      },
    ),
    { numRuns: 500 },
  )
})

t.test('a Route or a Request-URI that cannot be read is explained as any other field', async (t) => {
  const cases = [
    { uri: 'sip:bob@lab.test:65536', headers: [], wanted: /^Request-URI: uri-syntax: wanted a port/ },
    { uri: 'sip:bob@lab.test', headers: [['Route', '']], wanted: /^Route: address-syntax: wanted a URI/ },
  ] as const
  for (const { uri, headers, wanted } of cases) {
    const bench = proxyBench({
      settings: { diagnostics: (_because, { face }, _status, detail) => [['Warning', `${face} ${String(detail)}`]] },
    })
    await bench.arrive(request({ uri, headers }))
    const { status, warning } = {
      status: bench.caller.response().status,
      warning: bench.caller.response().header('Warning') ?? '',
    }
    t.equal(status, 400)
    t.match(warning.replace('internal MessageError: ', ''), wanted)
  }
})

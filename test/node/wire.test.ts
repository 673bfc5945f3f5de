import { fc } from '../support/property.ts'
import t from 'tap'
import type { TraceEntry } from '../../src/node/control/control-api.ts'
import { withoutCredentials } from '../../src/node/wire/credentials.ts'
import { MessageRing } from '../../src/node/wire/message-ring.ts'
import { WireLog } from '../../src/node/wire/wire-log.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'

const local = { address: '127.0.41.11', port: 5061 }
const remote = { address: '127.0.0.1', port: 40_312 }
const way = { transport: 'tls', local, remote } as const

t.test('the ring of messages', async (t) => {
  t.test('keeps the newest, and never more than it may', async () => {
    const sizes = fc.record({ messages: fc.integer({ min: 1, max: 20 }), octets: fc.integer({ min: 1, max: 300 }) })
    const texts = fc.array(fc.string({ minLength: 1, maxLength: 120, unit: 'binary-ascii' }), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, texts, (size, all) => {
        const ring = new MessageRing(size)
        for (const [at, text] of all.entries()) ring.add('in', way, at, text)
        const kept = ring.since(0).map(({ text }) => text)
        const fitting = all.filter((text) => text.length <= size.octets)
        const octets = kept.reduce((sum, { length }) => sum + length, 0)
        return (
          kept.length <= size.messages &&
          octets <= size.octets &&
          JSON.stringify(kept) === JSON.stringify(fitting.slice(fitting.length - kept.length)) &&
          (fitting.length === 0 || kept.length > 0)
        )
      }),
    )
  })

  t.test('loses no more than the octets at its end and the message in the way', async (t) => {
    const ring = new MessageRing({ messages: 100, octets: 1000 })
    for (let at = 0; at < 500; at += 1) ring.add('out', way, at, String(at).padStart(90, '.'))
    t.ok(ring.count >= 10)
    t.match(ring.since(499), [{ text: /\.499$/, direction: 'out', local, remote, transport: 'tls' }])
  })

  t.test('of no size keeps nothing', async (t) => {
    const ring = new MessageRing({ messages: 0, octets: 0 })
    ring.add('in', way, 0, 'x')
    t.strictSame(ring.since(0), [])
  })
})

t.test('credentials are blanked out', async (t) => {
  const secrets: readonly (readonly [field: string, kept: string])[] = [
    [
      'Authorization: Digest username="alice", realm="lab", response="SECRET", cnonce="SECRET", qop=auth',
      'Authorization: Digest username="alice", realm="lab", response="***", cnonce="***", qop=auth',
    ],
    ['PROXY-AUTHORIZATION : NTLM gssapi-data="SECRET", targetname="fe1"', '***'],
    ['Proxy-Authorization: Digest username="a",\r\n response="SECRET",\r\n\turi="sip:x"', 'uri="sip:x"'],
    ['Authorization: Basic U0VDUkVUSECRET==', 'Authorization: Basic ***'],
    ['authorization: Bearer SECRET', 'Bearer ***'],
    ['Authorization: Digest response="SECRET', 'response="***"'],
    ['Authorization: Digest response="SE\\"CRET", realm="lab"', 'realm="lab"'],
    ['Authorization: Digest x-unknown=SECRET, realm="lab"', 'x-unknown=***, realm="lab"'],
    ['Authorization: SECRET', '***'],
    ['Authorization: Digest realm="uthoriz",\rauthorization: SECRET, response="SECRET"', 'Digest ***'],
    ['Subject: a\rAuthorization: Digest response="SECRET"', 'Subject: a\r'],
    ['aUtHoRiZaTiOn: Digest response="SECRET"', 'response="***"'],
    ['WWW-Authenticate: NTLM realm="lab", gssapi-data="SECRET"', 'realm="lab", gssapi-data="***"'],
    ['Proxy-Authenticate: TLS-DSK gssapi-data=SECRET, version=4', 'version=4'],
    ['Authentication-Info: Digest rspauth="SECRET", snum="1"', 'snum="1"'],
  ]
  for (const [field, kept] of secrets)
    t.test(JSON.stringify(field.slice(0, 50)), async (t) => {
      const masked = withoutCredentials(`REGISTER sip:lab.test SIP/2.0\r\n${field}\r\nCSeq: 1 REGISTER\r\n\r\n`)
      t.notMatch(masked, /SECRET|SE\\"CRET/)
      t.ok(masked.includes(kept), JSON.stringify(masked))
      t.match(masked, /\r\nCSeq: 1 REGISTER\r\n\r\n$/)
    })

  t.test('in a body too, which keeps its length', async (t) => {
    const body = 'INVITE sip:bob@lab.test SIP/2.0\r\nAuthorization: Digest response="SECRET"\r\n\r\n'
    const message = `NOTIFY sip:a@b SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const masked = withoutCredentials(message)
    t.equal(masked.length, message.length)
    t.notMatch(masked, /SECRET/)
  })

  t.test('a message without any stays as it is', async (t) => {
    const text = 'OPTIONS sip:a SIP/2.0\r\nFrom: <sip:author@a>;tag=1\r\nSubject: authorize me\r\n\r\nauthentication'
    t.equal(withoutCredentials(text), text)
  })

  t.test('in time that grows with the length of the message alone', async (t) => {
    const hostile = [
      `Authorization: Digest ${'a="'.repeat(20_000)}\r\n ${'\\"'.repeat(20_000)}`,
      'uthoriz\n'.repeat(10_000),
      'uthoriz\r'.repeat(10_000),
      'Authorization: a\ruthoriz'.repeat(3_000),
      'Authorization: a\n'.repeat(10_000),
      `x${'uthoriz'.repeat(20_000)}`,
      `Authorization:${' \r\n '.repeat(20_000)}`,
      `Authorization: ${'a=b '.repeat(20_000)}`,
    ]
    const start = performance.now()
    for (const text of hostile) withoutCredentials(withoutCredentials(text))
    t.ok(performance.now() - start < 3000)
  })

  t.test('once is enough', async () => {
    const part = fc.oneof(
      fc.constantFrom(...secrets.map(([field]) => `${field}\r\n`)),
      fc.constantFrom('\r\n', ' ', '"', 'Authorization:', '=', ','),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = withoutCredentials(parts.join(''))
        return withoutCredentials(once) === once
      }),
    )
  })
})

t.test('the wire log of a node', async (t) => {
  const flowOf = (): Flow => ({ ...way, id: 1 }) as unknown as Flow

  t.test('keeps messages and handshakes in the order of time', async (t) => {
    const log = filled()
    t.match(log.since(60), [
      { kind: 'message', time: '1970-01-01T00:01:40.000Z', local: '127.0.41.11:5061', text: /response="\*\*\*"/ },
      { kind: 'handshake', direction: 'in', remote: '127.0.0.1:40312' },
      { kind: 'link', event: 'link.down', data: { verdict: 'cert.expired' } },
    ])
  })

  t.test('gives those of the last seconds only', async (t) => {
    t.match(
      filled()
        .since(1)
        .map(({ kind }) => kind),
      ['handshake', 'link'],
    )
  })

  t.test('tells a reader no credential', async (t) => {
    const log = new WireLog({ node: 'fe1', clock: { wall: () => 0 } })
    const seen: TraceEntry[] = []
    log.follow((entry) => seen.push(entry))
    log.tap({ direction: 'out', flow: flowOf(), text: 'INVITE sip:a SIP/2.0\r\naUThorizatION: Basic c2VjcmV0\r\n\r\n' })
    t.match(seen, [{ text: 'INVITE sip:a SIP/2.0\r\naUThorizatION: Basic ***\r\n\r\n' }])
  })

  t.test('tells a reader what passes, and keeps nothing when it may not', async (t) => {
    const log = new WireLog({ node: 'fe1', clock: { wall: () => 0 }, size: { messages: 0, octets: 0 } })
    const seen: TraceEntry[] = []
    const end = log.follow((entry) => seen.push(entry))
    log.tap({ direction: 'in', flow: flowOf(), text: 'OPTIONS sip:a SIP/2.0\r\n\r\n' })
    end()
    log.tap({ direction: 'in', flow: flowOf(), text: 'OPTIONS sip:b SIP/2.0\r\n\r\n' })
    t.match(seen, [{ text: /sip:a/ }])
    t.strictSame(log.since(1000), [])
  })

  function filled(): WireLog {
    let wall = 100_000
    const log = new WireLog({ node: 'fe1', clock: { wall: () => wall } })
    const text = 'REGISTER sip:a SIP/2.0\r\nAuthorization: Digest response="abc"\r\n\r\n'
    log.tap({ direction: 'in', flow: flowOf(), text })
    wall = 110_000
    log.handshake(way, { result: 'refused', side: 'accepted', face: 'internal', verdict: 'cert.expired' })
    const link = { seq: 1, time: new Date(wall).toISOString(), node: 'fe1', event: 'link.down', level: 'warn' } as const
    log.event({ ...link, message: 'down', verdict: { code: 'cert.expired', message: '' } })
    log.event({ ...link, event: 'service.ready', message: '' })
    return log
  }
})

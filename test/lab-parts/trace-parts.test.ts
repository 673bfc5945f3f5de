import t from 'tap'
import {
  type TracedConnection,
  connectionLines,
  connectionOf,
  connectionReader,
  connectionTitle,
  joinConnections,
} from '../../src/lab/trace/connections.ts'
import { callIdOf, fromOf, methodOf, sentByOf } from '../../src/lab/trace/fields.ts'
import { traceFilter } from '../../src/lab/trace/filter.ts'
import { hepChunks, hepOfConnection, hepOfMessage } from '../../src/lab/trace/hep.ts'
import { renderLadder } from '../../src/lab/trace/ladder.ts'
import { lifelines } from '../../src/lab/trace/lifelines.ts'
import type { TracedMessage } from '../../src/lab/trace/messages.ts'
import { inOrder } from '../../src/lab/trace/order.ts'
import { captureWriter } from '../../src/lab/trace/pcapng.ts'
import { entryOfEvent } from '../../src/lab/trace/stopped.ts'
import type { TraceEntry } from '../../src/node/control/control-api.ts'

const phone = '127.0.0.1:40312'
const parties = [
  { name: 'edge', addresses: ['127.0.41.31'] },
  { name: 'fe1', addresses: ['127.0.41.11'] },
]
const edgeCertificate = { subject: 'CN=edge', issuer: 'CN=lab', serial: '4a3f', notAfter: '2026-03-01T00:00:00.000Z' }
const feCertificate = { subject: 'CN=fe1', issuer: 'CN=lab', serial: '0b1c', notAfter: '2027-03-01T00:00:00.000Z' }

/** fe1 dialled edge, whose certificate has expired. */
const refusing: TraceEntry = {
  time: '2026-03-01T12:00:00.003Z',
  node: 'fe1',
  kind: 'handshake',
  direction: 'out',
  local: '127.0.41.11:40000',
  remote: '127.0.41.31:5061',
  handshake: {
    result: 'refused',
    side: 'dialled',
    face: 'internal',
    own: feCertificate,
    peer: edgeCertificate,
    verdict: 'cert.expired',
    message: 'The certificate CN=edge has expired',
    found: 'ended yesterday',
  },
}
const refused: TraceEntry = {
  ...refusing,
  time: '2026-03-01T12:00:00.001Z',
  node: 'edge',
  direction: 'in',
  local: '127.0.41.31:5061',
  remote: '127.0.41.11:40000',
  handshake: {
    result: 'lost',
    side: 'accepted',
    face: 'internal',
    alert: { number: 45, name: 'certificate_expired' },
    verdict: 'tls.alert',
    message: 'The other end refused',
  },
}

t.test('a connection', async (t) => {
  const joined = joinConnections([refusing, refused].flatMap((entry) => connectionOf(entry) ?? []))

  t.test('is one, with what both ends know: certificates, alert, cause', async (t) => {
    t.equal(joined.length, 1)
    t.match(joined, [
      {
        source: '127.0.41.11:40000',
        destination: '127.0.41.31:5061',
        failed: true,
        shownBySource: feCertificate,
        shownByDestination: edgeCertificate,
        verdict: 'cert.expired',
        found: 'ended yesterday',
        alert: { number: 45, from: 'source' },
      },
    ])
  })

  t.test('says who showed what, and who sent the alert', async (t) => {
    const [one] = joined
    const lines = one === undefined ? [] : connectionLines(one, lifelines([], joined, parties).nameOf)
    t.strictSame(lines, [
      'The certificate CN=edge has expired',
      'found: ended yesterday',
      'certificate of fe1, which dials: CN=fe1, issuer CN=lab, serial 0b1c, not after 2027-03-01T00:00:00.000Z',
      'certificate of edge: CN=edge, issuer CN=lab, serial 4a3f, not after 2026-03-01T00:00:00.000Z',
      'alert of fe1: certificate_expired (45)',
    ])
  })

  t.test('that reached nobody has no certificates', async (t) => {
    const { local: _local, ...attempt } = refusing
    const [own, peer] = [feCertificate, undefined]
    const handshake = {
      result: 'lost',
      side: 'dialled',
      face: 'internal',
      own,
      verdict: 'link.refused',
      message: 'Nobody listens',
    } as const
    const connection = connectionOf({
      ...attempt,
      handshake: { ...handshake, ...(peer === undefined ? {} : { peer }) },
    })
    t.equal(connection?.source, 'fe1')
    t.equal(connection && connectionTitle(connection), 'no connection: link.refused')
    t.strictSame(connection && connectionLines(connection, (end) => end), ['Nobody listens'])
  })

  t.test('is joined with its later loss, and not with the next one from the same port', async (t) => {
    const at = (time: string, failed: boolean): TracedConnection => ({
      time,
      node: 'fe1',
      source: phone,
      destination: '127.0.41.11:5061',
      failed,
    })
    const three = [
      at('2026-03-01T12:00:00.000Z', false),
      at('2026-03-01T12:00:00.500Z', true),
      at('2026-03-01T12:05:00.000Z', false),
    ]
    t.strictSame(
      joinConnections(three).map(({ failed }) => failed),
      [true, false],
    )
  })

  t.test('that was accepted is read once, a failed one from both ends', async (t) => {
    const read = connectionReader()
    const good = { result: 'accepted', side: 'dialled', face: 'internal' } as const
    t.match(read({ ...refusing, handshake: good }), { failed: false })
    t.equal(read({ ...refused, handshake: { ...good, side: 'accepted' } }), undefined)
    t.match([read(refusing), read(refused)], [{ failed: true }, { failed: true }])
  })

  t.test('of a node that has stopped comes out of its event file', async (t) => {
    const entry = entryOfEvent({
      seq: 1,
      time: '2026-03-01T12:00:00.000Z',
      node: 'edge',
      event: 'flow.lost',
      level: 'warn',
      message: '',
      connection: '127.0.41.11:40000>127.0.41.31:5061',
      verdict: { code: 'link.reset', message: 'The connection was reset' },
      data: { side: 'accepted', face: 'internal' },
    })
    t.match(entry, {
      direction: 'in',
      local: '127.0.41.31:5061',
      remote: '127.0.41.11:40000',
      handshake: { verdict: 'link.reset' },
    })
  })
})

const invite = [
  'INVITE sip:bob@lab.test SIP/2.0',
  'Via: SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK1, SIP/2.0/TLS abc.invalid;branch=z9hG4bK2',
  'f: "Bob?" <sip:alice@lab.test>;tag=1',
  't: <sip:bob@lab.test>',
  'i: call-1',
  'CSeq: 1 INVITE',
  '',
  'Call-ID: of the body',
].join('\r\n')

t.test('fields of a message, in compact form too', async (t) => {
  t.equal(callIdOf(invite), 'call-1')
  t.equal(methodOf(invite), 'INVITE')
  t.equal(methodOf('SIP/2.0 200 OK\r\nCSeq: 7 BYE\r\n\r\n'), 'BYE')
  t.strictSame(fromOf(invite), { user: 'alice', address: 'alice@lab.test' })
  t.equal(sentByOf(invite), 'abc.invalid')
  t.equal(callIdOf('junk'), undefined)
})

t.test('a filter', async (t) => {
  const entry: TraceEntry = { time: '', node: 'fe1', kind: 'message', text: invite }
  const cases: readonly (readonly [filter: Parameters<typeof traceFilter>[0], fits: boolean])[] = [
    [{ methods: [] }, true],
    [{ call: 'call-1', methods: [] }, true],
    [{ call: 'call-2', methods: [] }, false],
    [{ user: 'alice', methods: [] }, true],
    [{ user: 'sip:BOB@lab.test', methods: [] }, true],
    [{ user: 'bob@other.test', methods: [] }, false],
    [{ user: 'ali', methods: [] }, false],
    [{ methods: ['INVITE', 'ACK'] }, true],
    [{ methods: ['ACK'] }, false],
    [{ call: 'call-1', user: 'carol', methods: ['INVITE'] }, false],
  ]
  for (const [filter, fits] of cases) t.equal(traceFilter(filter)(entry), fits, JSON.stringify(filter))

  t.test('keeps a failed connection, which may be the reason, and drops a good one', async (t) => {
    const fits = traceFilter({ call: 'call-1', methods: [] })
    const dialled = { ...refusing, handshake: { result: 'refused', side: 'dialled', face: 'internal' } } as const
    t.ok(fits(dialled))
    t.notOk(fits({ ...dialled, handshake: { ...dialled.handshake, side: 'accepted' } }), 'a stranger at the door')
    t.notOk(fits({ ...refusing, handshake: { result: 'accepted', side: 'dialled', face: 'internal' } }))
    t.ok(fits({ time: '', node: 'fe1', kind: 'link', event: 'link.down' }))
  })
})

t.test('the order of entries', async (t) => {
  const time = '2026-03-01T12:00:00.000Z'
  const out = { time, kind: 'message', node: 'edge', direction: 'out', local: 'a:1', remote: 'b:1', text: 'X' } as const
  const received = { ...out, node: 'fe1', direction: 'in', local: 'b:1', remote: 'a:1' } as const
  const first = { ...out, direction: 'in', remote: 'c:1', text: 'W' } as const

  t.test('a message is sent before it is received, within one millisecond', async (t) => {
    t.strictSame(inOrder([[received], [first, out]]), [first, out, received])
  })

  t.test('nothing is lost when the sender has not kept it', async (t) => {
    t.strictSame(inOrder([[received], [first]]), [received, first])
  })

  t.test('time counts first, also where clocks differ', async (t) => {
    const later = { ...out, time: '2026-03-01T12:00:00.001Z' }
    t.strictSame(inOrder([[later], [received]]), [received, later])
  })
})

t.test('lifelines', async (t) => {
  const request = (source: string, from: string, sentBy: string): TracedMessage => ({
    time: '2026-03-01T12:00:00.000Z',
    node: 'edge',
    transport: 'tls',
    source,
    destination: '127.0.41.31:10443',
    text:
      `REGISTER sip:lab.test SIP/2.0\r\nVia: SIP/2.0/TLS ${sentBy};branch=z9\r\n` +
      `From: <sip:${from}@lab.test>;tag=1\r\n\r\n`,
  })

  t.test('have the name of the user, one for all connections of a phone', async (t) => {
    const messages = [
      request(phone, 'alice', 'a.invalid'),
      request('127.0.0.1:2', 'alice', 'a.invalid'),
      request('127.0.0.1:3', 'alice', 'b.invalid'),
    ]
    const { columns, columnOf } = lifelines(messages, [], parties)
    t.strictSame(columns, [
      { name: 'alice', address: phone },
      { name: 'alice (2)', address: '127.0.0.1:3' },
      { name: 'edge' },
    ])
    t.equal(columnOf(phone), columnOf('127.0.0.1:2'))
  })

  t.test('an end that writes for several users has the name in its certificate', async (t) => {
    const messages = [request(phone, 'alice', 'gw'), request(phone, 'bob', 'gw')]
    const connection: TracedConnection = {
      time: '2026-03-01T12:00:00.000Z',
      node: 'edge',
      source: phone,
      destination: '127.0.41.31:5061',
      failed: false,
      namesOfSource: ['partner.test'],
    }
    t.match(lifelines(messages, [connection], parties).columns, [
      { name: 'partner.test', address: phone },
      { name: 'edge' },
    ])
  })

  t.test('a called phone that never wrote has the name of the one called', async (t) => {
    const called = { ...request('127.0.41.31:10443', 'alice', 'edge'), destination: phone, text: invite }
    t.match(lifelines([called], [], parties).columns, [{ name: 'bob' }, { name: 'edge' }])
  })
})

t.test('the page has the broken link, times and names', async (t) => {
  const connections = joinConnections([refusing, refused].flatMap((entry) => connectionOf(entry) ?? []))
  const page = renderLadder([], connections, parties, 'a lab')
  t.match(page, /fe1 → edge <b>handshake failed: cert\.expired<\/b>/)
  t.match(page, />12:00:00\.001<\/text>/)
  t.match(page, /certificate of edge: CN=edge, issuer CN=lab, serial 4a3f, not after 2026-03-01/)
  t.match(page, /alert of fe1: certificate_expired \(45\)/)
})

t.test('the capture has the broken link as a reset with a comment', async (t) => {
  const connection = connectionOf(refusing)
  const octets = connection === undefined ? Buffer.alloc(0) : captureWriter().connection(connection, (end) => end)
  t.match(octets.toString(), /fe1: handshake failed: cert\.expired\nThe certificate CN=edge has expired/)
  t.equal(octets.readUInt8(28 + 20 + 13), 0x04, 'RST')
})

t.test('HEP', async (t) => {
  const message: TracedMessage = {
    time: '2026-03-01T12:00:00.250Z',
    node: 'edge',
    transport: 'tls',
    source: phone,
    destination: '127.0.41.31:5061',
    text: invite,
  }

  t.test('carries a message with its ends, time and Call-ID', async (t) => {
    const chunks = decodeHep(hepOfMessage(message, 41))
    t.strictSame(
      {
        family: chunks.get(hepChunks.family)?.readUInt8(),
        protocol: chunks.get(hepChunks.protocol)?.readUInt8(),
        source: [...(chunks.get(hepChunks.sourceIpv4) ?? [])].join('.'),
        destination: [...(chunks.get(hepChunks.destinationIpv4) ?? [])].join('.'),
        ports: [
          chunks.get(hepChunks.sourcePort)?.readUInt16BE(),
          chunks.get(hepChunks.destinationPort)?.readUInt16BE(),
        ],
        seconds: chunks.get(hepChunks.seconds)?.readUInt32BE(),
        microseconds: chunks.get(hepChunks.microseconds)?.readUInt32BE(),
        type: chunks.get(hepChunks.protocolType)?.readUInt8(),
        agent: chunks.get(hepChunks.agent)?.readUInt32BE(),
        correlation: chunks.get(hepChunks.correlation)?.toString(),
        node: chunks.get(hepChunks.agentName)?.toString(),
        payload: chunks.get(hepChunks.payload)?.toString(),
      },
      {
        family: 2,
        protocol: 6,
        source: '127.0.0.1',
        destination: '127.0.41.31',
        ports: [40_312, 5061],
        seconds: Date.parse('2026-03-01T12:00:00Z') / 1000,
        microseconds: 250_000,
        type: 1,
        agent: 41,
        correlation: 'call-1',
        node: 'edge',
        payload: invite,
      },
    )
  })

  t.test('begins as the layout says, octet for octet', async (t) => {
    const head = '48455033 LEN 0000 0001 0007 02 0000 0002 0007 06 0000 0003 000a 7f000001 0000 0004 000a 7f00291f'
    const octets = hepOfMessage(message, 41) ?? Buffer.alloc(6)
    const length = octets.length.toString(16).padStart(4, '0')
    t.equal(octets.subarray(0, 40).toString('hex'), head.replace('LEN', length).replaceAll(' ', ''))
  })

  t.test('knows UDP and IPv6', async (t) => {
    const chunks = decodeHep(
      hepOfMessage({ ...message, transport: 'udp', source: '[::1]:1', destination: '[fe80::1]:2' }, 1),
    )
    t.equal(chunks.get(hepChunks.family)?.readUInt8(), 10)
    t.equal(chunks.get(hepChunks.protocol)?.readUInt8(), 17)
    t.equal(chunks.get(hepChunks.sourceIpv6)?.toString('hex'), `${'0'.repeat(31)}1`)
  })

  t.test('cuts what does not fit into one datagram', async (t) => {
    const octets = hepOfMessage({ ...message, text: 'x'.repeat(70_000) }, 1)
    t.equal(octets?.length, 65_507)
    t.equal(decodeHep(octets).get(hepChunks.protocolType)?.readUInt8(), 1)
  })

  t.test('carries a handshake as a log entry, also one that reached nobody', async (t) => {
    const { local: _local, ...attempt } = refusing
    const connection = connectionOf(attempt)
    const chunks = decodeHep(connection && hepOfConnection(connection, 1, (end) => end))
    t.equal(chunks.get(hepChunks.protocolType)?.readUInt8(), 100)
    t.match(chunks.get(hepChunks.payload)?.toString(), /^handshake failed: cert\.expired\n[^]*serial 4a3f/)
    t.equal(chunks.get(hepChunks.correlation)?.toString(), 'fe1>127.0.41.31:5061')
  })
})

/** A reader of its own, by the published layout: `HEP3`, total length, then vendor, type, length, value. */
function decodeHep(octets: Buffer | undefined): ReadonlyMap<number, Buffer> {
  if (octets === undefined) return new Map()
  if (octets.toString('latin1', 0, 4) !== 'HEP3') throw new Error('no HEP3')
  if (octets.readUInt16BE(4) !== octets.length) throw new Error(`length ${octets.readUInt16BE(4)} of ${octets.length}`)
  const chunks = new Map<number, Buffer>()
  for (let at = 6; at < octets.length; at += octets.readUInt16BE(at + 4)) {
    if (octets.readUInt16BE(at) !== 0) throw new Error('a vendor')
    chunks.set(octets.readUInt16BE(at + 2), octets.subarray(at + 6, at + octets.readUInt16BE(at + 4)))
  }
  return chunks
}

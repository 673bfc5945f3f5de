import t from 'tap'
import { explainCapture, recognise } from '../../../src/explain/capture/index.ts'
import { CaptureError } from '../../../src/explain/capture/capture-file.ts'
import { captureOf, Conversation, udpPacket, type CaptureFormat } from '../../support/captures.ts'

const refused = new Conversation().syn().reset('acceptor')

const formats: Readonly<Record<string, CaptureFormat>> = {
  'pcap, microseconds': {},
  'pcap, nanoseconds': { nanoseconds: true },
  'pcap, big endian': { bigEndian: true },
  'pcap, big endian, nanoseconds': { bigEndian: true, nanoseconds: true },
  pcapng: { format: 'pcapng' },
  'pcapng, big endian': { format: 'pcapng', bigEndian: true },
  Ethernet: { link: 'ethernet' },
  'Ethernet with VLAN': { link: 'vlan' },
  'Linux cooked': { link: 'cooked' },
  'Linux cooked 2': { link: 'cooked2' },
  'Linux cooked 2 with VLAN': { link: 'cooked2 vlan' },
  loopback: { link: 'null' },
}

t.test('a refused connection is found in', async (t) => {
  for (const [name, format] of Object.entries(formats))
    t.test(name, async (t) => {
      t.match(await explainCapture(captureOf(refused.packets, format)), {
        cause: { code: 'link.refused' },
        whoRefused: 'acceptor',
        connections: [
          {
            dialler: '192.0.2.10:40312',
            acceptor: '192.0.2.20:5061',
            startedAt: '2026-11-28T12:00:00.000Z',
            firstFrame: 1,
          },
        ],
        problems: [],
      })
    })

  t.test('IPv6', async (t) => {
    const ends = {
      dialler: { address: '2001:db8:0:0:0:0:0:1', port: 50000 },
      acceptor: { address: '2001:db8:0:0:1:0:0:2', port: 5061 },
    }
    const capture = captureOf(new Conversation(ends).syn().reset('acceptor').packets, { link: 'ethernet' })
    t.match(await explainCapture(capture), {
      connections: [{ dialler: '[2001:db8::1]:50000', acceptor: '[2001:db8::1:0:0:2]:5061' }],
    })
  })
})

t.test('a capture is recognised by its magic number', async (t) => {
  t.equal(recognise(captureOf([])), 'pcap')
  t.equal(recognise(captureOf([], { bigEndian: true, nanoseconds: true })), 'pcap')
  t.equal(recognise(captureOf([], { format: 'pcapng' })), 'pcapng')
  t.equal(recognise(Buffer.from('-----BEGIN CERTIFICATE-----')), undefined)
  t.equal(recognise(Buffer.alloc(0)), undefined)
})

t.test('what is no capture is an error that says what was wanted', async (t) => {
  await t.rejects(explainCapture(Buffer.from('INVITE sip:bob@lab.test')), CaptureError)
  await t.rejects(explainCapture(Buffer.alloc(0)), { message: /wanted a capture .* found an empty file/ })
})

t.test('a capture that ends inside a packet is used up to there', async (t) => {
  const capture = captureOf(refused.packets)
  const answer = await explainCapture(capture.subarray(0, capture.length - 5))
  t.match(answer, { counts: { packets: 1 }, problems: [/ends inside a packet/] })
})

t.test('a packet of absurd length ends the reading with one sentence', async (t) => {
  const capture = captureOf(refused.packets)
  capture.writeUInt32LE(0x7fffffff, 24 + 8)
  t.match(await explainCapture(capture), { counts: { packets: 0 }, problems: [/frame 1 claims 2147483647 octets/] })
})

t.test('a block of no length ends the reading with one sentence', async (t) => {
  const capture = captureOf(refused.packets, { format: 'pcapng' })
  capture.writeUInt32LE(0, 28 + 4)
  t.match(await explainCapture(capture), { counts: { packets: 0 }, problems: [/impossible length of 0 octets/] })
})

t.test('a link type that is not read is named', async (t) => {
  const capture = captureOf(refused.packets)
  capture.writeUInt32LE(105, 20)
  t.match(await explainCapture(capture), { problems: [/link type 105 are not read/] })
})

t.test('a capture of which no packet is read says so', async (t) => {
  const packets = refused.packets.map(({ at, octets }) => ({
    at,
    // GRE (RFC 2784 §2) around each packet.
    octets: Buffer.concat([octets.subarray(0, 9), Buffer.from([47]), octets.subarray(10, 20), octets]),
  }))
  t.match(await explainCapture(captureOf(packets)), {
    counts: { connections: 0 },
    problems: [/none of the \d packets belongs to a TCP connection .*GRE/],
  })
})

t.test('a fragment of IPv6 that is the whole packet is read', async (t) => {
  const ends = { dialler: { address: '2001:db8::1', port: 50000 }, acceptor: { address: '2001:db8::2', port: 5061 } }
  const packets = new Conversation(ends)
    .syn()
    .reset('acceptor')
    .packets.map(({ at, octets }) => {
      const header = Buffer.from(octets.subarray(0, 40))
      header.writeUInt16BE(octets.length - 40 + 8, 4)
      header.writeUInt8(44, 6)
      return { at, octets: Buffer.concat([header, Buffer.from([6, 0, 0, 0, 0, 0, 0, 9]), octets.subarray(40)]) }
    })
  t.match(await explainCapture(captureOf(packets)), { cause: { code: 'link.refused' }, counts: { fragments: 0 } })
})

t.test('fragments are counted', async (t) => {
  const [first] = refused.packets
  if (first === undefined) return
  const fragment = Buffer.from(first.octets)
  fragment.writeUInt16BE(0x2000, 6)
  t.match(await explainCapture(captureOf([{ at: 0, octets: fragment }])), { counts: { fragments: 1, connections: 0 } })
})

t.test('SIP in datagrams becomes a ladder', async (t) => {
  const text =
    'OPTIONS sip:lab.test SIP/2.0\r\nf: <sip:a@lab.test>;tag=1\r\nTo: <sip:lab.test>\r\n' +
    'Call-ID: 7f1a\r\nCSeq: 1 OPTIONS\r\n\r\n'
  const octets = udpPacket(
    { address: '192.0.2.1', port: 5060 },
    { address: '192.0.2.2', port: 5060 },
    Buffer.from(text),
  )
  t.match(await explainCapture(captureOf([{ at: 1000, octets }])), {
    sip: [
      {
        frame: 1,
        time: '1970-01-01T00:00:01.000Z',
        source: '192.0.2.1:5060',
        destination: '192.0.2.2:5060',
        transport: 'udp',
        firstLine: 'OPTIONS sip:lab.test SIP/2.0',
        from: '<sip:a@lab.test>;tag=1',
        to: '<sip:lab.test>',
        callId: '7f1a',
        cseq: '1 OPTIONS',
      },
    ],
  })
})

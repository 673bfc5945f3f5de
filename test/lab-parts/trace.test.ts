import t from 'tap'
import { renderLadder } from '../../src/lab/trace/ladder.ts'
import { messageReader, titleOf } from '../../src/lab/trace/messages.ts'
import type { TracedMessage } from '../../src/lab/trace/messages.ts'
import { captureWriter } from '../../src/lab/trace/pcapng.ts'
import type { TraceEntry } from '../../src/node/control/control-api.ts'

const invite = 'INVITE sip:bob@lab.test SIP/2.0\r\nCSeq: 1 INVITE\r\nSubject: <b>&"\r\n\r\n'
const ok = 'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n'
const sent: TraceEntry = {
  time: '2026-03-01T12:00:00.000Z',
  node: 'director',
  kind: 'message',
  direction: 'out',
  transport: 'tls',
  local: '127.0.41.21:40312',
  remote: '127.0.41.11:5061',
  text: invite,
}
const received: TraceEntry = {
  ...sent,
  node: 'fe1',
  direction: 'in',
  local: '127.0.41.11:5061',
  remote: '127.0.41.21:40312',
}

t.test('a message that two nodes saw is read once', async (t) => {
  const read = messageReader()
  t.match(read(sent), { source: '127.0.41.21:40312', destination: '127.0.41.11:5061', node: 'director' })
  t.equal(read(received), undefined)
  t.match(read(sent), { text: invite }, 'a retransmission is another message')
  t.equal(read({ time: sent.time, node: 'fe1', kind: 'handshake' }), undefined)
})

t.test('titles', async (t) => {
  t.equal(titleOf(invite), 'INVITE sip:bob@lab.test')
  t.equal(titleOf(ok), '200 OK (INVITE)')
})

t.test('the capture file', async (t) => {
  t.test('begins with a section and an interface of raw IP', async (t) => {
    const header = captureWriter().header()
    t.equal(header.readUInt32LE(0), 0x0a0d0d0a)
    t.equal(header.readUInt32LE(8), 0x1a2b3c4d)
    const second = header.readUInt32LE(4)
    t.equal(header.readUInt32LE(second), 1)
    t.equal(header.readUInt16LE(second + 8), 101)
  })

  t.test('holds the clear text in a TCP segment with the real ends', async (t) => {
    const packet = packetOf(captureWriter().packets(message()))
    t.equal(packet.readUInt8(9), 6, 'TCP')
    t.equal([...packet.subarray(12, 16)].join('.'), '127.0.41.21')
    t.equal(packet.readUInt16BE(22), 5061)
    t.equal(packet.subarray(40).toString(), invite)
    t.equal(sumOf(packet.subarray(0, 20)), 0xffff, 'the checksum of the header holds')
    const pseudo = Buffer.from([...packet.subarray(12, 20), 0, 6, 0, 0])
    pseudo.writeUInt16BE(packet.length - 20, 10)
    t.equal(sumOf(Buffer.concat([pseudo, packet.subarray(20)])), 0xffff, 'the checksum of the segment holds')
  })

  t.test('goes on counting the octets of a flow, and splits what is long', async (t) => {
    const writer = captureWriter()
    t.equal(packetOf(writer.packets(message())).readUInt32BE(24), 1)
    t.equal(packetOf(writer.packets(message())).readUInt32BE(24), 1 + Buffer.byteLength(invite))
    t.equal(
      packetOf(writer.packets(message({ source: '127.0.41.11:5061', destination: '127.0.41.21:40312' }))).readUInt32BE(
        28,
      ),
      1 + 2 * Buffer.byteLength(invite),
      'the answer acknowledges them',
    )
    t.equal(blocks(writer.packets(message({ text: 'x'.repeat(40_000) }))).length, 3)
  })

  t.test('writes UDP and IPv6', async (t) => {
    const packet = packetOf(
      captureWriter().packets(message({ transport: 'udp', source: '[::1]:5060', destination: '[fe80::2:1]:5060' })),
    )
    t.equal(packet.readUInt8(0) >> 4, 6)
    t.equal(packet.readUInt8(6), 17, 'UDP')
    t.equal(packet.subarray(8, 24).toString('hex'), `${'0'.repeat(31)}1`)
    t.equal(packet.subarray(24, 40).toString('hex'), 'fe800000000000000000000000020001')
    t.equal(packet.subarray(48).toString(), invite)
  })
})

t.test('the ladder', async (t) => {
  const page = renderLadder(
    [message(), message({ source: '127.0.41.11:5061', destination: '127.0.41.21:40312', text: ok })],
    [],
    [
      { name: 'director', addresses: ['127.0.41.21'] },
      { name: 'fe1', addresses: ['127.0.41.11'] },
    ],
    'a <call>',
  )
  t.match(page, /director → fe1 <b>INVITE sip:bob@lab\.test<\/b>/)
  t.match(page, /fe1 → director <b>200 OK \(INVITE\)<\/b>/)
  t.match(page, /Subject: &lt;b&gt;&amp;&quot;/, 'message text cannot become markup')
  t.notMatch(page, /(src|href)="(?!#)/, 'nothing is fetched from outside')
})

function message(change: Partial<TracedMessage> = {}): TracedMessage {
  return {
    time: '2026-03-01T12:00:00.000Z',
    node: 'director',
    transport: 'tls',
    source: '127.0.41.21:40312',
    destination: '127.0.41.11:5061',
    text: invite,
    ...change,
  }
}

function blocks(octets: Buffer): readonly Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < octets.length; at += octets.readUInt32LE(at + 4))
    found.push(octets.subarray(at, at + octets.readUInt32LE(at + 4)))
  return found
}

/** The packet of the first enhanced packet block. */
function packetOf(octets: Buffer): Buffer {
  const [first = Buffer.alloc(0)] = blocks(octets)
  return first.subarray(28, 28 + first.readUInt32LE(20))
}

function sumOf(octets: Buffer): number {
  let sum = 0
  for (let at = 0; at < octets.length; at += 2)
    sum += at + 1 < octets.length ? octets.readUInt16BE(at) : octets.readUInt8(at) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return sum
}

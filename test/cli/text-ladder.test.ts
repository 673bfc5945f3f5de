import { fc } from '../support/property.ts'
import t from 'tap'
import { renderTextLadder, textWidth } from '../../src/cli/trace/text-ladder.ts'
import type { TracedConnection } from '../../src/lab/trace/connections.ts'
import type { TracedMessage } from '../../src/lab/trace/messages.ts'

const parties = [
  { name: 'edge', addresses: ['127.0.41.31'] },
  { name: 'fe1', addresses: ['127.0.41.11'] },
]
const plain = { parties, paint: (_style: string, text: string): string => text }
const invite: TracedMessage = {
  time: '2026-03-01T12:00:00.100Z',
  node: 'edge',
  transport: 'tls',
  source: '127.0.0.1:40312',
  destination: '127.0.41.31:10443',
  text: requestOf('INVITE', 'alice'),
}
const ringing: TracedMessage = {
  ...invite,
  time: '2026-03-01T12:00:00.200Z',
  source: '127.0.41.11:5061',
  destination: '127.0.41.31:40000',
  text: 'SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n\r\n',
}
const broken: TracedConnection = {
  time: '2026-03-01T12:00:00.300Z',
  node: 'edge',
  source: '127.0.41.31:40001',
  destination: '127.0.41.11:5061',
  failed: true,
  verdict: 'cert.expired',
  message: 'The certificate CN=fe1 has expired',
}

t.test('a ladder has users and nodes as lifelines, times, arrows, and the broken link with its reason', async (t) => {
  const expected = [
    '             alice                 edge                  fe1',
    '             127.0.0.1:40312',
    '12:00:00.100 │────── INVITE ──────▶│                     │',
    '12:00:00.200 │                     │◀──── 180 INVITE ────│',
    '12:00:00.300 │                     │─── cert.expired ───▶│',
    '             ! The certificate CN=fe1 has expired',
    '             ! certificate of edge, which dials: none was seen',
    '             ! certificate of fe1: none was seen',
    '             ! alert: none was received',
  ]
  t.strictSame(ladder(80).trimEnd().split('\n'), expected)
})

t.test('the wider the terminal, the more of a message is shown', async (t) => {
  t.match(ladder(120), /─ INVITE sip:bob@lab\.test ─/)
  t.match(ladder(44), /─ INVI… ▶/)
})

t.test('where the lifelines do not fit, the parties with the fewest messages share the first column', async (t) => {
  const many = Array.from({ length: 12 }, (_, at) => ({
    ...invite,
    source: `127.0.0.1:${at + 1}`,
    text: requestOf('INVITE', `user${at}`),
  }))
  const busy = Array.from({ length: 3 }, () => ({
    ...invite,
    source: '127.0.0.1:12',
    text: requestOf('ACK', 'user11'),
  }))
  const text = renderTextLadder([...many, ...busy], [], { ...plain, width: 80 })
  const lines = text.split('\n')
  t.equal(lines[0], '8 parties share the first column; a wider terminal shows them apart')
  t.match(lines[1], /^ {13}8 others +user0 +user1 +user2 +user11 +edge$/)
  t.match(text, /\n12:00:00\.100 │─+ user3: INVITE sip:bob@lab\.test ─+▶│\n/)
  t.match(text, /\n12:00:00\.100 │ +│ +│ +│ +│── ACK ──▶│\n/)
  t.ok(lines.every((line) => textWidth(line) <= 80))
  t.notMatch(renderTextLadder(many, [], { ...plain, width: 240 }), /others/)
})

t.test('nothing at all is an empty ladder', async (t) => {
  t.equal(renderTextLadder([], [], { ...plain, width: 80 }), '')
})

t.test('whatever came from the wire, no line is wider than the terminal and no terminal obeys it', async () => {
  const word = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 30 })
  const control = fc.constantFrom('\u001b[2J', '\u0007', '\r', '\n', '\t', '\u202e', '你好', '👍', 'e\u0301')
  const hostile = fc.array(fc.oneof(word, control), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(hostile, hostile, fc.integer({ min: 40, max: 200 }), (name, method, width) => {
      const message = { ...invite, text: requestOf(method, name) }
      const text = renderTextLadder([message, ringing], [{ ...broken, message: name }], { ...plain, width })
      const lines = text.split('\n')
      return lines.every((line) => textWidth(line) <= width) && !/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/.test(text)
    }),
  )
})

t.test('the width of text in cells', async (t) => {
  t.equal(textWidth('abc'), 3)
  t.equal(textWidth('你好'), 4)
  t.equal(textWidth('e\u0301'), 1)
  t.equal(textWidth('👍'), 2)
})

function ladder(width: number): string {
  return renderTextLadder([invite, ringing], [broken], { ...plain, width })
}

function requestOf(method: string, user: string): string {
  return [
    `${method} sip:bob@lab.test SIP/2.0`,
    'Via: SIP/2.0/TLS a.invalid;branch=z',
    `From: <sip:${user}@lab.test>;tag=1`,
    `CSeq: 1 ${method}\r\n\r\n`,
  ].join('\r\n')
}

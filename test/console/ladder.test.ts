import t from 'tap'
import { readMessage } from '../../src/console/page/ladder/fields.ts'
import { difference, everything, hopBefore, LadderModel, mostRows } from '../../src/console/page/ladder/model.ts'
import type { TraceEntry } from '../../src/node/control/control-api.ts'

const nodes = [
  { name: 'edge', addresses: ['127.0.41.31', '127.0.41.32'] },
  { name: 'fe1', addresses: ['127.0.41.11'] },
]

function model(): LadderModel {
  return new LadderModel(nodes)
}

function invite(via: string, callId = 'one@phone'): string {
  return (
    'INVITE sip:bob@lab.test SIP/2.0\r\n' +
    `Via: SIP/2.0/TLS ${via};branch=z9hG4bK1\r\n` +
    'From: <sip:alice@lab.test>;tag=1\r\nTo: <sip:bob@lab.test>\r\n' +
    `Call-ID: ${callId}\r\nCSeq: 1 INVITE\r\n\r\n`
  )
}

function entry(own: Partial<TraceEntry>): TraceEntry {
  return {
    time: '2026-11-29T12:00:00.000Z',
    node: 'edge',
    kind: 'message',
    direction: 'in',
    transport: 'tls',
    local: '127.0.41.32:10443',
    remote: '127.0.0.1:40312',
    text: invite('phone.invalid'),
    ...own,
  }
}

const inward = entry({
  time: '2026-11-29T12:00:00.010Z',
  direction: 'out',
  local: '127.0.41.31:40000',
  remote: '127.0.41.11:5061',
  text: invite('edge.lab.test'),
})

t.test('a phone has a column by its user, whatever its port', async (t) => {
  const ladder = model()
  ladder.add([entry({}), entry({ remote: '127.0.0.1:40313', text: invite('phone.invalid', 'two@phone') })])
  t.same(ladder.columns, ['alice', 'edge', 'fe1'])
})

t.test('a message that both ends saw is one row', async (t) => {
  const ladder = model()
  const seen = entry({
    ...inward,
    node: 'fe1',
    direction: 'in',
    local: '127.0.41.11:5061',
    remote: '127.0.41.31:40000',
  })
  ladder.add([inward, seen])
  t.match(ladder.rows, [{ from: 'edge', to: 'fe1', title: 'INVITE sip:bob@lab.test' }])
})

t.test('rows that come late stand where their time is', async (t) => {
  const ladder = model()
  ladder.add([inward])
  ladder.add([entry({})])
  t.match(
    ladder.rows.map(({ from }) => from),
    ['alice', 'edge'],
  )
})

t.test('one call can be chosen among others', async (t) => {
  const ladder = model()
  ladder.add([entry({}), entry({ text: invite('phone.invalid', 'two@phone') })])
  ladder.filter({ ...everything, callId: 'two@phone' })
  t.match(ladder.shown, [{ callId: 'two@phone' }])
})

t.test('keep-alives are left out unless they are wanted', async (t) => {
  const ladder = model()
  ladder.add([entry({ text: invite('phone.invalid').replaceAll('INVITE', 'OPTIONS') })])
  const without = ladder.shown.length
  ladder.filter({ ...everything, options: true })
  t.same([without, ladder.shown.length], [0, 1])
})

t.test('the ladder is bounded, and drops the oldest', async (t) => {
  const ladder = model()
  const batch = Array.from({ length: 10_000 }, (_, at) =>
    entry({ kind: 'link', event: 'link.up', time: new Date(1_800_000_000_000 + at).toISOString() }),
  )
  for (let round = 0; round < 6; round += 1) ladder.add(batch)
  t.ok(ladder.rows.length <= mostRows, `${ladder.rows.length} rows`)
})

t.test('strangers beyond the twelfth share a column', async (t) => {
  const ladder = model()
  ladder.add(
    Array.from({ length: 40 }, (_, at) =>
      entry({ remote: `127.0.0.1:${50_000 + at}`, text: invite('phone.invalid').replace('alice', `user${at}`) }),
    ),
  )
  t.match([ladder.columns.length, ladder.columns.at(11)], [14, 'others'])
})

t.test('the hop before is the same request, nearer to its sender', async (t) => {
  const ladder = model()
  ladder.add([entry({}), inward])
  const [first, second] = ladder.rows
  t.equal(second && hopBefore(ladder.rows, second), first)
})

t.test('the difference of two hops names what came and what went', async (t) => {
  t.same(
    difference('a\r\nb\r\nc', 'a\r\nx\r\nc').filter(({ kind }) => kind !== 'same'),
    [
      { kind: 'gone', line: 'b' },
      { kind: 'added', line: 'x' },
    ],
  )
})

t.test('a message is read into its fields, folded ones too', async (t) => {
  t.match(readMessage('BYE sip:a SIP/2.0\r\nSubject: one\r\n two\r\nl: 2\r\n\r\nhi'), {
    startLine: 'BYE sip:a SIP/2.0',
    fields: [
      { name: 'Subject', value: 'one two' },
      { name: 'l', value: '2' },
    ],
    body: 'hi',
  })
})

const decision = { kind: 'refuse', policy: 'law', status: 403, because: 'law.remote', method: 'INVITE' } as const
const decided: TraceEntry = {
  time: '2026-11-29T12:00:00.005Z',
  node: 'edge',
  kind: 'decision',
  local: '127.0.41.32:10443',
  remote: '127.0.0.1:40312',
  decision: { ...decision, callId: 'one@phone', uri: 'sip:bob@lab.test' },
}
const question = { name: 'fe1.lab.test', type: 'A', code: 'NXDOMAIN', answers: [], view: 'internal' }
const asked: TraceEntry = {
  time: '2026-11-29T12:00:00.006Z',
  node: 'dns',
  kind: 'dns',
  local: '127.0.41.2:10053',
  remote: '127.0.41.31:50000',
  question,
}

function withDns(): LadderModel {
  return new LadderModel([...nodes, { name: 'dns', addresses: ['127.0.41.2'] }])
}

t.test('a decision stands at its node with its policy, a question goes from its node to the DNS', async (t) => {
  const ladder = withDns()
  ladder.add([entry({}), decided, asked, { ...asked, remote: '127.0.0.1:50001' }])
  t.match(ladder.shown, [
    { kind: 'message' },
    { kind: 'decision', title: 'law refuses INVITE: 403 law.remote', from: 'edge', to: 'edge', isError: true },
    { kind: 'dns', title: 'A fe1.lab.test: NXDOMAIN', from: 'edge', to: 'dns', isError: true },
    { kind: 'dns', from: 'dns', to: 'dns' },
  ])
  t.same(ladder.columns, ['alice', 'edge', 'fe1', 'dns'])
})

t.test('call, user, node and the ticks filter decisions and questions', async (t) => {
  const ladder = withDns()
  const other = { ...decided, decision: { ...decision, callId: 'two@phone', uri: 'sip:bob@lab.test' } }
  ladder.add([entry({}), decided, asked, other])
  const kinds = (wanted: Partial<typeof everything>): readonly string[] => {
    ladder.filter({ ...everything, ...wanted })
    return ladder.shown.map(({ kind }) => kind)
  }
  t.same(kinds({ callId: 'one@phone' }), ['message', 'decision'])
  t.same(kinds({ text: 'alice' }), ['message', 'decision'], 'a decision of a call of alice')
  t.same(kinds({ text: 'nxdomain' }), ['dns'])
  t.same(kinds({ node: 'dns' }), ['dns'])
  t.same(kinds({ decisions: false }), ['message', 'dns'])
  t.same(kinds({ dns: false }), ['message', 'decision', 'decision'])
  ladder.filter({ ...everything, text: 'alice' })
  ladder.add([{ ...decided, time: '2026-11-29T12:00:01.000Z' }])
  t.equal(ladder.shown.length, 3, 'one that comes later too')
})

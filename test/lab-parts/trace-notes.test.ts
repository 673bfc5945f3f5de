import t from 'tap'
import { renderTextLadder } from '../../src/cli/trace/text-ladder.ts'
import { traceFilter } from '../../src/lab/trace/filter.ts'
import { renderLadder } from '../../src/lab/trace/ladder.ts'
import { noteOf, notesIn } from '../../src/lab/trace/notes.ts'
import type { TracedDecision, TracedQuestion, TraceEntry } from '../../src/node/control/control-api.ts'

const parties = [
  { name: 'edge', addresses: ['127.0.41.31'] },
  { name: 'dns', addresses: ['127.0.41.2'] },
]
const time = '2026-11-29T12:00:00.000Z'
const message: TraceEntry = {
  time,
  node: 'edge',
  kind: 'message',
  direction: 'in',
  local: '127.0.41.31:10443',
  remote: '127.0.0.1:40312',
  text: 'INVITE sip:bob@lab.test SIP/2.0\r\nFrom: <sip:alice@lab.test>\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\n\r\n',
}

function decided(own: Partial<TracedDecision> = {}): TraceEntry {
  const decision = { kind: 'refuse', policy: 'law', method: 'INVITE', callId: 'one', uri: 'sip:bob@lab.test' } as const
  const local = { local: '127.0.41.31:10443', remote: '127.0.0.1:40312' }
  return { time, node: 'edge', kind: 'decision', ...local, decision: { ...decision, status: 403, ...own } }
}

function asked(own: Partial<TracedQuestion> = {}, remote = '127.0.41.31:40001'): TraceEntry {
  const question = { name: 'sip.lab.test', type: 'A', code: 'NOERROR', answers: ['A 127.0.41.11'], view: 'internal' }
  return { time, node: 'dns', kind: 'dns', local: '127.0.41.2:10053', remote, question: { ...question, ...own } }
}

t.test('a decision says who decided what about which request', async (t) => {
  t.match(noteOf(decided({ because: 'law.remote' })), { title: 'law refuses INVITE: 403 law.remote', failed: true })
  t.match(noteOf(decided({ kind: 'route', to: 'sip:fe1' })), { title: 'law routes INVITE to sip:fe1', failed: false })
})

t.test('a question says what was asked and what came of it', async (t) => {
  t.match(noteOf(asked()), { title: 'A sip.lab.test: 127.0.41.11', failed: false })
  t.match(noteOf(asked({ answers: [] })), { title: 'A sip.lab.test: no such record', failed: false })
  t.match(noteOf(asked({ code: 'NXDOMAIN', answers: [] })), { title: 'A sip.lab.test: NXDOMAIN', failed: true })
  const silent = { name: 'sip.lab.test', type: 'A', answers: [], view: 'internal' }
  t.match(noteOf({ ...asked(), question: silent }), { title: 'A sip.lab.test: no answer', failed: true })
})

t.test('a filter leaves the decisions of its calls, and questions that were not answered well', async (t) => {
  const fits = traceFilter({ user: 'alice', methods: [] })
  t.notOk(fits(decided()), 'its call was not seen yet')
  t.ok(fits(message))
  t.ok(fits(decided()))
  t.notOk(fits(decided({ callId: 'two' })))
  t.notOk(fits(asked()))
  t.ok(fits(asked({ code: 'NXDOMAIN', answers: [] })))
  t.notOk(traceFilter({ methods: ['BYE'] })(decided()))
  t.ok(traceFilter({ call: 'one', methods: [] })(decided()))
})

t.test('the ladders show decisions at their node, and questions from the node that asks', async (t) => {
  const notes = notesIn([decided(), asked()], parties)
  const text = renderTextLadder([], [], { parties, notes, width: 120, paint: (_style, shown) => shown })
  t.match(text, /edge +dns/)
  t.match(text, /│↩ law refuses INVITE/)
  t.match(text, /─ A sip\.lab\.test: 127\.0\.41\.11 .*▶│/)
  t.match(renderLadder([], [], parties, 'a lab', notes), /law refuses INVITE: 403[^]*A sip\.lab\.test/)
})

t.test('a question of someone who is no party stands at the DNS', async (t) => {
  const [note] = notesIn([asked({}, '127.0.0.1:50000')], parties)
  t.equal(note?.source, note?.destination)
})

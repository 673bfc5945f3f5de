import { decode, encode } from 'dns-packet'
import t from 'tap'
import { answerQuery } from '../../src/lab/nodes/dns/answer.ts'
import type { DnsFault } from '../../src/lab/nodes/dns/faults.ts'
import { QuestionLog } from '../../src/lab/nodes/dns/question-log.ts'
import { Zone } from '../../src/lab/nodes/dns/zone.ts'

const wall = Date.parse('2026-11-29T12:00:00.000Z')
const zone = new Zone({
  zones: ['lab.test'],
  records: [
    { kind: 'srv', name: '_sip._tls.lab.test', priority: 0, weight: 10, port: 5061, target: 'sip.lab.test' },
    { kind: 'a', name: 'sip.lab.test', address: '127.0.41.31' },
  ],
})

function asked(name: string, type: string, faults: readonly DnsFault[] = []): ReturnType<QuestionLog['since']> {
  const question = encode({ type: 'query', id: 1, questions: [{ name, type }] })
  return seen(question, answerQuery(zone, question, faults, true))
}

function seen(question: Buffer, response: Buffer | undefined, lateMs = 0): ReturnType<QuestionLog['since']> {
  const log = new QuestionLog('dns', () => wall)
  const ends = { local: '127.0.41.2:10053', remote: '127.0.41.21:40000' }
  log.add({ view: 'internal', transport: 'udp', ...ends, question, response, lateMs })
  return log.since(60)
}

t.test('a question is kept with its answer, as a zone file has it', async (t) => {
  t.strictSame(asked('_sip._tls.lab.test', 'SRV'), [
    {
      time: '2026-11-29T12:00:00.000Z',
      node: 'dns',
      kind: 'dns',
      direction: 'in',
      transport: 'udp',
      local: '127.0.41.2:10053',
      remote: '127.0.41.21:40000',
      question: {
        name: '_sip._tls.lab.test',
        type: 'SRV',
        code: 'NOERROR',
        answers: ['SRV 0 10 5061 sip.lab.test'],
        view: 'internal',
      },
    },
  ])
})

t.test('faults are seen in the answer: another code, none at all, a late one', async (t) => {
  t.match(asked('sip.lab.test', 'A', [{ kind: 'nxdomain' }]), [{ question: { code: 'NXDOMAIN', answers: [] } }])
  const [silent] = asked('sip.lab.test', 'A', [{ kind: 'silent' }])
  t.equal(silent?.question?.code, undefined)
  const question = encode({ type: 'query', id: 1, questions: [{ name: 'sip.lab.test', type: 'A' }] })
  t.match(seen(question, answerQuery(zone, question, [], true), 300), [{ question: { lateMs: 300 } }])
})

t.test('octets that are no question are kept as one that cannot be read', async (t) => {
  const [entry] = seen(Buffer.from('GET / HTTP/1.1'), undefined)
  t.strictSame(entry?.question, { answers: [], view: 'internal' })
})

t.test('what is kept does not change with the block that it came in', async (t) => {
  const question = encode({ type: 'query', id: 1, questions: [{ name: 'sip.lab.test', type: 'A' }] })
  const log = new QuestionLog('dns', () => wall)
  const block = Buffer.from(question)
  const ends = { local: '127.0.41.2:10053', remote: '127.0.41.21:40000' }
  log.add({ view: 'internal', transport: 'udp', ...ends, question: block, response: undefined, lateMs: 0 })
  block.fill(0)
  t.equal(log.since(60)[0]?.question?.name, decode(question).questions?.[0]?.name)
})

import t from 'tap'
import { diagnosticsHeaders } from '../../src/node/diagnostics.ts'
import { parseText } from '../../src/sip/message/index.ts'
import type { SipRequest } from '../../src/sip/message/types.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import { arrival, requestText } from '../support/arrival.ts'

const plan = nodePlan(planLab(loadTopology('standard')), 'se')
const who = { byName: (name: string) => name, byAddress: (address: string) => address }

function headers(because: string, status: number, detail?: unknown): readonly (readonly [string, string])[] {
  return diagnosticsHeaders({ plan, who }, because, arrival(requestText()), status, detail)
}

t.test('a refusal names field and place in Warning 399 (RFC 3261 §20.43, §21.4.1)', async (t) => {
  t.same(headers('register.contact-parameter', 400, 'Contact: q=1.5 is no number from 0 to 1'), [
    ['Warning', '399 se.lab.test "Contact: q=1.5 is no number from 0 to 1"'],
  ])
})

t.test('so does a message that could not be read', async (t) => {
  let found: unknown
  try {
    const message = parseText(requestText({ to: 'sip:a@h:65536' })) as SipRequest
    t.notOk(message.toUri, 'it is read')
  } catch (error) {
    found = error
  }
  const [[name, value] = ['', '']] = headers('request.malformed', 400, found)
  t.equal(name, 'Warning')
  t.match(value, /^399 se\.lab\.test ".*65535.*65536/)
})

t.test('a field of addresses is named too, for its places are counted from its own start', async (t) => {
  const { request } = arrival(requestText({ headers: ['Path: <sip:edge.lab.test;lr>, <sip:x@>'] }))
  t.throws(() => request.addresses('Path'), { message: /^Path: address-syntax: wanted a host/ })
})

t.test('what was found ends no quoted string', async (t) => {
  const [[, value] = ['', '']] = headers('x', 400, 'a "quote" and a \\ and\r\na line')
  t.match(value, /^399 se\.lab\.test "(?:[^"\\\r\n]|\\.)*"$/)
})

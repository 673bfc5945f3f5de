/** Who may say which way a request takes through the inside. */
import t from 'tap'
import { outsideFacts } from '../../../src/roles/law/facts.ts'
import { recogniseDialog } from '../../../src/roles/policies/dialog.ts'
import { routeGuard } from '../../../src/roles/policies/route-guard.ts'
import { stripUntrusted } from '../../../src/roles/policies/strip-untrusted.ts'
import { parseNameAddress } from '../../../src/sip/message/name-address.ts'
import type { Arrival, Decision } from '../../../src/sip/routing/decision.ts'
import { encoded } from '../../../src/sip/routing/dialog-record.ts'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'
import type { Flow, PeerClass } from '../../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'

const flows = new Map<number, Flow>()
const tokens = new FlowTokens({ node: 'edge.lab.test', key: Buffer.alloc(32, 7), flow: (id) => flows.get(id) })

function flowOf(peer: PeerClass | undefined): Flow {
  const flow = testFlow(peer === undefined ? {} : { peer })
  flows.set(flow.id, flow)
  return flow
}

interface Routed extends Arrival {
  readonly left: () => boolean
}

/** A request with this Route, its first value ours. */
function routed(flow: Flow, user: string | undefined, next: readonly string[] = []): Routed {
  const own = parseNameAddress(`<sip:${user === undefined ? '' : `${user}@`}edge.lab.test;lr>`)
  let left = false
  return {
    ...arrival(requestText({ method: 'BYE', uri: 'sip:alice@lab.test', toParameters: ';tag=2' }), { flow }),
    routes: next.map((uri) => parseNameAddress(`<${uri};lr>`)),
    ownRoute: own,
    nearRoute: own,
    leaveRoute: () => (left = true),
    left: () => left,
  }
}

/** Alice, whose tag is 1, has called by `flow`; bob, whose tag is 2, is behind a server. */
function sealed(flow: Flow, callId = 'call-1', tag = '1'): string {
  const end = { identity: encoded('sip:alice@lab.test'), uri: encoded('sip:alice@lab.test'), organisation: '' }
  const record = { caller: { ...end, hop: 'w' }, callee: { ...end, hop: 's192.0.2.9' } }
  return tokens.seal(record, { callId, tag }, tokens.of(flow))
}

const kind = (decision: Decision | Promise<Decision>): string =>
  decision instanceof Promise ? 'promise' : decision.kind
const guard = routeGuard(tokens, { isOurs: (host) => host === 'director.lab.test' })
const recognise = recogniseDialog(tokens, outsideFacts)

/** What the two policies make of it. */
function judged(made: Routed): string {
  const first = kind(recognise.decide(made))
  return first === 'pass' ? kind(guard.decide(made)) : first
}

t.test('a Route below a record of this dialog is left to those who follow it', async (t) => {
  const made = routed(flowOf(undefined), sealed(flowOf(undefined)), ['sip:director.lab.test'])
  t.same([judged(made), made.left()], ['pass', false])
})

t.test('a record of another dialog, another tag, or a changed one is refused', async (t) => {
  const flow = flowOf(undefined)
  for (const user of [sealed(flow, 'call-2'), sealed(flow, 'call-1', '7'), `x${sealed(flow)}`])
    t.equal(judged(routed(flow, user)), 'refuse', user)
})

t.test('the token of a flow without a record is refused from everybody but a server', async (t) => {
  t.same(
    ([undefined, 'client', 'edge', 'server'] as const).map((peer) =>
      judged(routed(flowOf(peer), tokens.of(flowOf(undefined)))),
    ),
    ['refuse', 'refuse', 'refuse', 'pass'],
  )
})

t.test('a Route of our own servers alone is taken off; one that names another host is refused', async (t) => {
  const own = routed(flowOf(undefined), 'alice', ['sip:director.lab.test'])
  t.same([judged(own), own.left()], ['pass', true])
  for (const uri of ['sip:fe1.lab.test', 'sip:192.0.2.9:5060;transport=tcp'])
    t.equal(judged(routed(flowOf(undefined), undefined, ['sip:director.lab.test', uri])), 'refuse', uri)
})

t.test('REGISTER and PUBLISH are in no dialog', async (t) => {
  const flow = flowOf(undefined)
  for (const method of ['REGISTER', 'PUBLISH']) {
    const request = arrival(requestText({ method, toParameters: ';tag=2' }), { flow }).request
    const made = { ...routed(flow, sealed(flow)), request }
    t.match(recognise.decide(made), { kind: 'refuse', status: 403, because: 'law.never-in-dialog' }, method)
  }
})

for (const [peer, wanted] of [
  [undefined, 'refuse'],
  ['client', 'refuse'],
  ['edge', 'pass'],
  ['server', 'pass'],
  ['treated-as-authenticated', 'pass'],
] as const) {
  t.test(`a Path in the REGISTER of a peer of class ${peer ?? 'none'}: ${wanted}`, async (t) => {
    t.equal(
      kind(
        guard.decide(arrival(requestText({ headers: ['Path: <sip:director.lab.test;lr>'] }), { flow: flowOf(peer) })),
      ),
      wanted,
    )
  })
}

t.test('Record-Route of the one who made the request is taken off, that of who forwarded it stays', async (t) => {
  const removed = (vias: readonly string[]): boolean => {
    const made = arrival(requestText({ method: 'INVITE', vias, headers: ['Record-Route: <sip:evil.test;lr>'] }))
    stripUntrusted().decide(made)
    return made.remarks.remove.includes('record-route')
  }
  t.same([removed([]), removed(['SIP/2.0/TLS 192.0.2.8;branch=z9hG4bK2'])], [true, false])
})

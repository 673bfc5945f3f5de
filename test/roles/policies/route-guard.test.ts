/** Who may say which way a request takes through the inside. */
import t from 'tap'
import { routeGuard } from '../../../src/roles/policies/route-guard.ts'
import { stripUntrusted } from '../../../src/roles/policies/strip-untrusted.ts'
import { parseNameAddress } from '../../../src/sip/message/name-address.ts'
import type { Arrival, Decision } from '../../../src/sip/routing/decision.ts'
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

/** A request inside a dialog with this Route, its first value ours. */
function routed(flow: Flow, user: string | undefined, next: readonly string[], inDialog = true): Arrival {
  const made = arrival(
    requestText({ method: 'BYE', uri: 'sip:alice@lab.test', toParameters: inDialog ? ';tag=2' : '' }),
    { flow },
  )
  return {
    ...made,
    routes: next.map((uri) => parseNameAddress(`<${uri};lr>`)),
    ownRoute: parseNameAddress(`<sip:${user === undefined ? '' : `${user}@`}edge.lab.test;lr>`),
  }
}

const kind = (decision: Decision | Promise<Decision>): string =>
  decision instanceof Promise ? 'promise' : decision.kind
const guard = routeGuard(tokens, { towards: ['director.lab.test'] })

t.test('a client goes on by a route set that carries the token of its flow, sealed for this dialog', async (t) => {
  const flow = flowOf(undefined)
  t.equal(
    kind(guard.decide(routed(flow, tokens.ofDialog('call-1', tokens.of(flow)), ['sip:director.lab.test']))),
    'pass',
  )
})

t.test('its token opens no way to another host', async (t) => {
  const flow = flowOf(undefined)
  t.same(
    ['sip:fe1.lab.test', 'sip:192.0.2.9:5060;transport=tcp'].map((uri) =>
      kind(guard.decide(routed(flow, tokens.ofDialog('call-1', tokens.of(flow)), [uri]))),
    ),
    ['refuse', 'refuse'],
  )
})

t.test('a route set without a token, with a forged one or outside a dialog is refused', async (t) => {
  const flow = flowOf(undefined)
  const next = ['sip:director.lab.test']
  t.same(
    [
      routed(flow, undefined, next),
      routed(flow, 'AAAAAAAAAAAAAAAA.abcd.1.edge.lab.test', next),
      routed(flow, tokens.ofDialog('call-1', tokens.of(flow)), next, false),
    ].map((made) => kind(guard.decide(made))),
    ['refuse', 'refuse', 'refuse'],
  )
})

t.test(
  'a token without a seal, or with that of another dialog, is refused even where it leads no further',
  async (t) => {
    const flow = flowOf(undefined)
    const bare = tokens.of(flow)
    t.same(
      [bare, tokens.ofDialog('call-2', bare), tokens.ofDialog('call-1', bare), tokens.ofDialog('call-1'), 'alice'].map(
        (user) => kind(guard.decide(routed(flow, user, []))),
      ),
      ['refuse', 'refuse', 'pass', 'pass', 'pass'],
    )
  },
)

t.test('the seal of one dialog does not make the tokens of another its own', async (t) => {
  const [mine, other] = [flowOf(undefined), flowOf(undefined)]
  const seal = tokens.ofDialog('call-1', tokens.of(mine)).slice(-18)
  t.equal(kind(guard.decide(routed(mine, `${tokens.of(other)}+${seal}`, []))), 'refuse')
})

t.test('a server may name a flow by a token alone, as the Path of a binding does', async (t) => {
  t.equal(kind(guard.decide(routed(flowOf('server'), tokens.of(flowOf(undefined)), [], false))), 'pass')
})

t.test('the token of one dialog is none for another', async (t) => {
  t.same(
    ['call-1', 'call-2'].map((callId) =>
      kind(guard.decide(routed(flowOf('edge'), tokens.ofDialog(callId), ['sip:director.lab.test']))),
    ),
    ['pass', 'refuse'],
  )
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

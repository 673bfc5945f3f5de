import t from 'tap'
import { fc } from '../../support/property.ts'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'
import type { Policy } from '../../../src/sip/routing/decision.ts'
import { flowToken } from '../../../src/sip/routing/policies/flow-token.ts'
import type { FakeFlow } from '../../support/fake-transport.ts'
import { FakeTransport, server } from '../../support/fake-transport.ts'
import { followAnyRoute, proxyBench, type ProxyBench, route, target } from '../../support/proxy-bench.ts'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import { request } from '../../support/sip-messages.ts'

const key = Buffer.alloc(32, 7)

function tokens(transport: FakeTransport, node = 'fe1.lab.test', secret: Buffer | undefined = key): FlowTokens {
  return new FlowTokens({ node, key: secret, flow: (id) => transport.flow(id) })
}

// conformance: RFC 5626 §5.2 — a flow token leads to its flow, and cannot be made up
t.test('flow token (RFC 5626 §5.2)', async (t) => {
  t.test('leads back to its flow', async (t) => {
    const transport = new FakeTransport()
    const flow = transport.accept()
    const own = tokens(transport)
    const reading = own.read(own.of(flow))
    t.equal(reading.kind === 'flow' ? reading.flow.id : reading.kind, flow.id)
  })

  t.test('can stand in a user part as it is', async (t) => {
    const transport = new FakeTransport()
    t.match(tokens(transport).of(transport.accept()), /^[A-Za-z0-9_-]{16}~[a-z0-9.]+$/)
  })

  t.test('says that the flow is gone once it is closed', async (t) => {
    const transport = new FakeTransport()
    const flow = transport.accept()
    const own = tokens(transport)
    const token = own.of(flow)
    flow.close()
    t.same(own.read(token), { kind: 'gone' })
  })

  t.test('is gone after a restart, even when another flow has the same number', async (t) => {
    const transport = new FakeTransport()
    const token = tokens(transport).of(transport.accept())
    t.same(tokens(transport).read(token), { kind: 'gone' })
  })

  t.test('of another node of the pool names that node', async (t) => {
    const transport = new FakeTransport()
    const token = tokens(transport, 'fe2.lab.test').of(transport.accept())
    t.same(tokens(transport).read(token), { kind: 'elsewhere', node: 'fe2.lab.test' })
  })

  t.test('with another key is forged', async (t) => {
    const transport = new FakeTransport()
    const token = tokens(transport, 'fe2.lab.test', Buffer.alloc(32, 8)).of(transport.accept())
    t.same(tokens(transport).read(token), { kind: 'forged' })
  })

  t.test('of another pool of the organisation is forged', async (t) => {
    const transport = new FakeTransport()
    const [edge, home] = ['edge.lab.test', 'pool.lab.test'].map(
      (pool) => new FlowTokens({ node: pool, pool, key, flow: (id) => transport.flow(id) }),
    )
    const token = edge?.of(transport.accept()) ?? ''
    t.same(home?.read(token), { kind: 'forged' })
  })

  t.test('of an earlier version is gone: a Path that was stored before the upgrade', async (t) => {
    const transport = new FakeTransport()
    const own = tokens(transport)
    const token = own.of(transport.accept()).replace('~', '.')
    t.same(own.read(token), { kind: 'gone' })
    t.ok(own.isToken(token))
  })

  t.test('with any character changed leads to no flow', async () => {
    const transport = new FakeTransport()
    const own = tokens(transport)
    const token = own.of(transport.accept())
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'aZ09_-.'), (at, character) => {
        fc.pre(token[at] !== character)
        return own.read(token.slice(0, at) + character + token.slice(at + 1)).kind !== 'flow'
      }),
    )
  })

  t.test('an ordinary user part is none', async (t) => {
    const own = tokens(new FakeTransport())
    t.same(
      ['alice', 'alice.smith', '', 'a.b.c.d'].map((user) => own.read(user).kind),
      ['no-token', 'no-token', 'no-token', 'no-token'],
    )
  })

  t.test('a key of a few octets is refused', async (t) => {
    t.throws(() => tokens(new FakeTransport(), 'fe1', Buffer.from('short')), /at least 16 octets/)
  })
})

/** Reads the record of a dialog and asks for no further proof. */
function recognised(own: FlowTokens): Policy {
  return {
    name: 'recognised',
    decide({ ownRoute, request: asked, remarks }) {
      const found = own.recognise(ownRoute?.uri.user ?? '', asked)
      if (found.kind === 'dialog') remarks.dialog = { ...found, proved: true }
      return { kind: 'pass' }
    },
  }
}

interface Calls extends ProxyBench {
  readonly alice: FakeFlow
  readonly bob: FakeFlow
}

/** Alice and bob are clients with connections of their own; alice has called bob. */
async function clients(): Promise<Calls & { readonly route: string; inside(route: string): SipRequest }> {
  const parts: { tokens?: FlowTokens; bob?: FakeFlow } = {}
  const bench = proxyBench({
    make: ({ transport }) => {
      const own = tokens(transport)
      const bob = transport.accept({ face: 'internal' })
      Object.assign(parts, { tokens: own, bob })
      return {
        settings: { flowTokens: own },
        admit: [recognised(own)],
        target: [
          flowToken(own),
          followAnyRoute(),
          { name: 'binding', decide: () => route(target('sip:bob@10.0.0.9', { flow: bob.id })) },
        ],
      }
    },
  })
  if (parts.bob === undefined) throw new TypeError('bob is missing')
  const invite = request({ uri: 'sip:bob@lab.test' })
  await bench.arrive(invite)
  return {
    ...bench,
    alice: bench.caller,
    bob: parts.bob,
    route: parts.bob.request().header('Record-Route') ?? '',
    inside: (route) => inside(route, invite.callId),
  }
}

function inside(route: string, callId: string, method = 'BYE'): SipRequest {
  return request({ method, uri: 'sip:x@10.0.0.1', to: '<sip:bob@lab.test>;tag=b', callId, headers: [['Route', route]] })
}

function fromCallee(route: string, callId: string): SipRequest {
  return request({
    method: 'BYE',
    uri: 'sip:x@10.0.0.1',
    from: '<sip:bob@lab.test>;tag=b',
    to: '<sip:alice@lab.test>;tag=a1',
    callId,
    headers: [['Route', route]],
  })
}

t.test('requests inside a dialog between two clients', async (t) => {
  t.test('one Record-Route value carries the tokens of both flows and the seal of the dialog', async (t) => {
    const { route } = await clients()
    t.match(route, /^<sip:[^@+]+\+[^@+]+\+f~[^@]+@internal\.lab\.test:5061;transport=tls;lr>$/)
  })

  t.test('from the caller go to the callee', async (t) => {
    const { arrive, inside, route, alice, bob } = await clients()
    await arrive(inside(route), alice)
    t.equal(bob.lines.at(-1), 'BYE sip:x@10.0.0.1 SIP/2.0')
  })

  t.test('from the callee go to the caller', async (t) => {
    const { arrive, route, alice, bob } = await clients()
    await arrive(fromCallee(route, bob.request().callId), bob)
    t.equal(alice.lines.at(-1), 'BYE sip:x@10.0.0.1 SIP/2.0')
  })

  // conformance: RFC 5626 §11.5 — 430 goes to our own proxies only, a client receives 480
  t.test('get 480 when the other flow is gone', async (t) => {
    const { arrive, inside, route, alice, bob } = await clients()
    bob.close()
    await arrive(inside(route), alice)
    t.equal(alice.response().status, 480)
  })

  t.test('reach the other end when the sender comes by a new connection, the old one still open', async (t) => {
    const { arrive, inside, route, bob, transport } = await clients()
    await arrive(inside(route), transport.accept({ face: 'internal' }))
    t.equal(bob.lines.at(-1), 'BYE sip:x@10.0.0.1 SIP/2.0')
  })

  t.test('get 403 when the tokens are those of another dialog', async (t) => {
    const { arrive, route, alice } = await clients()
    await arrive(inside(route, 'another-call'), alice)
    t.equal(alice.response().status, 403)
  })

  t.test('get 403 when the token is forged', async (t) => {
    const { arrive, inside, route, alice } = await clients()
    await arrive(inside(route.replace(/sip:./, (start) => (start.endsWith('x') ? 'sip:y' : 'sip:x'))), alice)
    t.equal(alice.response().status, 403)
  })

  t.test('an ACK takes the same way', async (t) => {
    const { arrive, route, alice, bob } = await clients()
    await arrive(inside(route, bob.request().callId, 'ACK'), alice)
    t.equal(bob.lines.at(-1), 'ACK sip:x@10.0.0.1 SIP/2.0')
  })
})

t.test('a dialog over UDP, where no flow needs naming', async (t) => {
  t.test('carries the token of its Call-ID: whoever sends along it was let in', async (t) => {
    const parts: { tokens?: FlowTokens } = {}
    const { arrive, to } = proxyBench({
      transport: 'udp',
      make: ({ transport }) => {
        parts.tokens = tokens(transport)
        return { settings: { flowTokens: parts.tokens } }
      },
    })
    await arrive(request({ uri: 'sip:bob@callee.lab.test' }))
    const sent = to(7001).request()
    const token =
      /^<sip:([^@]+)@internal\.lab\.test:5060;transport=udp;lr>$/.exec(sent.header('Record-Route') ?? '')?.[1] ?? ''
    const { callId, fromTag } = sent
    t.match(parts.tokens?.recognise(token, { callId, fromTag, toTag: 'b' }), { kind: 'dialog', isCaller: true })
    t.match(parts.tokens?.recognise(token, { callId: 'another', fromTag, toTag: 'b' }), { kind: 'not-this' })
  })
})

t.test('flow-token policy', async (t) => {
  function policyBench() {
    const found: { own?: FlowTokens; other?: FlowTokens } = {}
    const bench = proxyBench({
      hosts: { 'fe2.lab.test': [7002] },
      make: ({ transport }) => {
        found.own = tokens(transport)
        found.other = tokens(transport, 'fe2.lab.test')
        return { target: [flowToken(found.own), followAnyRoute()] }
      },
    })
    if (found.own === undefined || found.other === undefined) throw new TypeError('no tokens')
    return { ...bench, own: found.own, other: found.other }
  }
  const routeOf = (token: string) => `<sip:${token}@internal.lab.test;lr>`

  t.test('sends a request for a client along its flow', async (t) => {
    const { arrive, own, transport } = policyBench()
    const phone = transport.accept()
    const peer = transport.accept({ peer: server })
    await arrive(request({ uri: 'sip:bob@10.0.0.9', headers: [['Route', routeOf(own.of(phone))]] }), peer)
    t.same(phone.lines, ['INVITE sip:bob@10.0.0.9 SIP/2.0'])
  })

  t.test('lets a request that came by that very flow go on', async (t) => {
    const { arrive, own, caller, to } = policyBench()
    await arrive(
      request({
        uri: 'sip:bob@callee.lab.test',
        to: '<sip:bob@lab.test>;tag=b',
        headers: [['Route', routeOf(own.of(caller))]],
      }),
    )
    t.equal(to(7001).lines.length, 1)
  })

  // conformance: RFC 5626 §5.3 — 430 to a server when the flow of the token is gone
  t.test('answers 430 to a server when the flow is gone', async (t) => {
    const { arrive, own, transport } = policyBench()
    const phone = transport.accept()
    const peer = transport.accept({ peer: server })
    const value = routeOf(own.of(phone))
    phone.close()
    await arrive(request({ uri: 'sip:bob@10.0.0.9', headers: [['Route', value]] }), peer)
    t.equal(peer.response().status, 430)
  })

  t.test('hands a token of another node to that node, Route value and all', async (t) => {
    const { arrive, other, transport, to } = policyBench()
    const value = routeOf(other.of(transport.accept()))
    await arrive(request({ uri: 'sip:bob@10.0.0.9', headers: [['Route', value]] }))
    t.equal(to(7002).request().header('Route'), value)
  })
})

import t from 'tap'
import { parseText } from '../../../src/sip/message/index.ts'
import type { SipResponse } from '../../../src/sip/message/types.ts'
import { defaultTransactionLimits } from '../../../src/sip/transaction/settings.ts'
import { TimerWheel } from '../../../src/sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../../../src/sip/transaction/types.ts'
import {
  createUserAgent,
  dialogOfCallee,
  type IncomingRequest,
  type UserAgent,
  type UserAgentSettings,
  wayInside,
} from '../../../src/sip/user-agent/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeFlow } from '../../support/fake-transport.ts'
import { settle } from '../../support/proxy-bench.ts'
import { request, responseTo } from '../../support/sip-messages.ts'

interface Pair {
  readonly clock: FakeClock
  readonly alice: UserAgent
  readonly bob: UserAgent
  /** From alice to bob, and back. */
  readonly there: FakeFlow
  readonly back: FakeFlow
}

const hop = {
  transport: 'tls',
  address: '127.0.41.50',
  port: 7001,
  verifyName: 'bob.lab.test',
  face: 'internal',
} as const

function agent(clock: FakeClock, name: string, flow: FakeFlow, change: Partial<UserAgentSettings> = {}): UserAgent {
  return createUserAgent({
    clock,
    wheel: new TimerWheel(clock),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport: { existing: () => flow, connect: async () => flow },
    locate: () => [hop],
    face: 'internal',
    identity: `<sip:${name}@lab.test>`,
    contact: () => `<sip:${name}@${name}.lab.test>`,
    via: (_, branch) => `SIP/2.0/TLS ${name}.lab.test:5061;branch=${branch}`,
    headers: [['User-Agent', 'siplab']],
    ...change,
  })
}

function pair(bobs: Partial<UserAgentSettings> = {}, alices: Partial<UserAgentSettings> = {}): Pair {
  const clock = new FakeClock()
  const there = new FakeFlow({ direction: 'dialled' })
  const back = new FakeFlow()
  const alice = agent(clock, 'alice', there, alices)
  const bob = agent(clock, 'bob', back, bobs)
  there.onSend = (text) => deliver(bob, text, back)
  back.onSend = (text) => deliver(alice, text, there)
  return { clock, alice, bob, there, back }
}

function deliver(to: UserAgent, text: string, flow: FakeFlow): void {
  const message = parseText(text)
  if (message.kind === 'request') to.transactions.onRequest(message, flow)
  else to.transactions.onResponse(message, flow)
}

const accepting: Partial<UserAgentSettings> = {
  onRequest: (incoming) =>
    incoming.respond(incoming.request.method === 'INVITE' ? 200 : 405, {
      headers: [['Contact', '<sip:bob@bob.lab.test>']],
    }),
}

t.test('user agent', async (t) => {
  t.test('gets 200 for OPTIONS from another', async (t) => {
    const { alice } = pair()
    t.equal((await alice.request('OPTIONS', 'sip:bob@lab.test')).status, 200)
  })

  t.test('refuses with 405 and Allow what nobody listens for', async (t) => {
    const { alice } = pair()
    const response = await alice.request('REFER', 'sip:bob@lab.test')
    t.match([response.status, response.header('Allow')], [405, /INVITE/])
  })

  t.test('places a call, acknowledges it and ends it', async (t) => {
    const { alice, there } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    await call.acknowledge()
    const { status } = await call.request('INFO')
    await call.bye().catch(() => undefined)
    t.same(
      [status, there.lines, call.ended],
      [
        405,
        [
          'INVITE sip:bob@lab.test SIP/2.0',
          'ACK sip:bob@bob.lab.test SIP/2.0',
          'INFO sip:bob@bob.lab.test SIP/2.0',
          'BYE sip:bob@bob.lab.test SIP/2.0',
        ],
        true,
      ],
    )
  })

  t.test('counts CSeq up inside the dialog, but not for the ACK', async (t) => {
    const { alice, there } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    await call.acknowledge()
    await call.bye()
    t.same(
      [0, 1, 2].map((index) => there.request(index).cseq),
      [1, 1, 2],
    )
  })

  t.test('takes a BYE of the other end', async (t) => {
    const { alice, there, back } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    const { toTag } = await call.response
    const invite = there.request(0)
    deliver(
      alice,
      request({
        method: 'BYE',
        uri: 'sip:alice@alice.lab.test',
        callId: invite.callId,
        from: `<sip:bob@lab.test>;tag=${toTag}`,
        to: `<sip:alice@lab.test>;tag=${invite.fromTag}`,
      }).text,
      there,
    )
    t.same([there.response().status, call.ended, back.sent.length], [200, true, 1])
  })

  t.test('cancels a ringing call', async (t) => {
    const { alice } = pair({ onRequest: (incoming) => incoming.respond(180) })
    const call = alice.invite('sip:bob@lab.test')
    await settle()
    call.cancel()
    t.equal((await call.response).status, 487)
  })

  t.test('cancels a call that has not even been sent yet, as soon as it rings', async (t) => {
    const { alice } = pair({ onRequest: (incoming) => incoming.respond(180) })
    const call = alice.invite('sip:bob@lab.test')
    call.cancel()
    t.equal((await call.response).status, 487)
  })

  t.test('acknowledges a repeated 2xx again', async (t) => {
    const { alice, there, back } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    await call.acknowledge()
    deliver(alice, back.sent[0] ?? '', there)
    await settle()
    t.equal(there.lines.filter((line) => line.startsWith('ACK')).length, 2)
  })

  t.test('ends the superfluous call of a second fork', async (t) => {
    const { alice, there } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    there.onSend = undefined
    alice.transactions.onResponse(
      responseTo(there.request(0), 200, [['Contact', '<sip:bob@second.lab.test>']], 'second'),
      there,
    )
    await settle()
    t.same(there.lines.slice(1), ['ACK sip:bob@second.lab.test SIP/2.0', 'BYE sip:bob@second.lab.test SIP/2.0'])
  })

  t.test('answers a challenge once, with the header fields of the callback', async (t) => {
    const challenges: SipResponse[] = []
    const { alice, there } = pair(
      {
        onRequest: (incoming) =>
          incoming.respond(incoming.request.header('Authorization') === 'Digest ok' ? 200 : 401, {
            headers: [['WWW-Authenticate', 'Digest realm="lab"']],
          }),
      },
      { authenticate: (challenge) => (challenges.push(challenge), [['Authorization', 'Digest ok']]) },
    )
    const { status } = await alice.request('REGISTER', 'sip:lab.test')
    t.same(
      [status, challenges.length, there.request(1).cseq, there.request(0).callId === there.request(1).callId],
      [200, 1, 2, true],
    )
  })

  t.test('gives the challenge back when the callback gives up', async (t) => {
    const { alice } = pair({ onRequest: (incoming) => incoming.respond(401) }, { authenticate: () => undefined })
    t.equal((await alice.request('REGISTER', 'sip:lab.test')).status, 401)
  })

  t.test('fails with a code when nobody answers', async (t) => {
    const { alice, clock, there } = pair()
    there.onSend = undefined
    const response = alice.request('OPTIONS', 'sip:bob@lab.test')
    await settle()
    clock.advance(32_020)
    await t.rejects(response, { code: 'peer.silent' })
  })

  t.test('fails with the code of the flow that closed', async (t) => {
    const { alice, there } = pair()
    there.onSend = undefined
    const response = alice.request('OPTIONS', 'sip:bob@lab.test')
    await settle()
    alice.transactions.onFlowClosed(there, 'peer-closed')
    await t.rejects(response, { code: 'peer-closed' })
  })

  t.test('tries the next address when the first cannot be reached', async (t) => {
    const flow = new FakeFlow({ direction: 'dialled' })
    const { alice } = pair(
      {},
      {
        locate: () => [{ ...hop, port: 1 }, hop],
        transport: {
          existing: () => undefined,
          connect: async ({ port }) => {
            if (port === 1) throw new Error('refused')
            return flow
          },
        },
      },
    )
    alice.request('OPTIONS', 'sip:bob@lab.test').catch(() => undefined)
    await settle()
    t.equal(flow.lines.length, 1)
  })
})

t.test('a callee', async (t) => {
  // conformance: RFC 3261 §13.3.1.4 — a 2xx is repeated until its ACK comes
  t.test('repeats its 200 until the ACK, over TLS too (RFC 3261 §13.3.1.4)', async (t) => {
    const { alice, back, clock } = pair(accepting)
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    clock.advance(1600)
    const before = back.lines.filter((line) => line.includes(' 200 ')).length
    await call.acknowledge()
    clock.advance(40_000)
    t.same([before, back.lines.filter((line) => line.includes(' 200 ')).length], [3, 3])
  })

  t.test('learns that no ACK ever came', async (t) => {
    const trouble: unknown[] = []
    const { bob, clock, back } = pair({ ...accepting, onTrouble: (error) => void trouble.push(error) })
    back.onSend = undefined
    bob.transactions.onRequest(request(), back)
    clock.advance(33_000)
    t.match(trouble, [{ code: 'peer.no-ack' }])
  })

  t.test('answers a CANCEL with the tag it rang with', async (t) => {
    const { alice, back } = pair({ onRequest: (incoming) => incoming.respond(180) })
    const call = alice.invite('sip:bob@lab.test')
    await settle()
    call.cancel()
    const { toTag } = await call.response
    t.equal(toTag, back.response(0).toTag)
  })

  t.test('can end the call', async (t) => {
    const incomings: IncomingRequest[] = []
    const { alice, bob, there } = pair({
      onRequest: (incoming) => {
        incomings.push(incoming)
        incoming.respond(200, { headers: [['Contact', '<sip:bob@bob.lab.test>']] })
      },
    })
    const call = alice.invite('sip:bob@lab.test')
    await call.response
    const dialog = incomings[0]?.dialog()
    if (dialog === undefined) return t.fail('no call came')
    const { status } = await bob.requestInside(dialog, 'BYE', 1, {})
    t.same([status, call.ended, there.response().status], [200, true, 200])
  })
})

// conformance: RFC 3261 §12.2.1.1 — the route set of a dialog, loose and strict
t.test('the way inside a dialog (RFC 3261 §12.2.1.1)', async (t) => {
  const dialog = (recordRoute: string) =>
    dialogOfCallee(
      request({
        headers: [
          ['Record-Route', recordRoute],
          ['Contact', '<sip:alice@10.0.0.1>'],
        ],
      }),
      'b',
    )

  t.test('follows a loose route set', async (t) => {
    t.match(wayInside(dialog('<sip:p1.test;lr>, <sip:p2.test;lr>')), {
      uri: 'sip:alice@10.0.0.1',
      nextHop: 'sip:p1.test;lr',
      headers: [
        ['Route', '<sip:p1.test;lr>'],
        ['Route', '<sip:p2.test;lr>'],
      ],
    })
  })

  t.test('gives a strict router the Request-URI', async (t) => {
    t.same(wayInside(dialog('<sip:p1.test>, <sip:p2.test;lr>')), {
      uri: 'sip:p1.test',
      nextHop: 'sip:p1.test',
      headers: [
        ['Route', '<sip:p2.test;lr>'],
        ['Route', '<sip:alice@10.0.0.1>'],
      ],
    })
  })
})

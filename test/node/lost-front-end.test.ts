/** What a front end does with a dialog whose flow was on another one. */
import t from 'tap'
import { server } from '../support/fake-transport.ts'
import { drain, quiet, stopPatience, turnsAway } from '../../src/node/drain.ts'
import { memoryLocation } from '../../src/services/location/location.ts'
import { relocation } from '../../src/services/registrar/relocate.ts'
import { parseNameAddress } from '../../src/sip/message/name-address.ts'
import { parseUri } from '../../src/sip/message/uri.ts'
import { parseText } from '../../src/sip/message/index.ts'
import type { SipRequest } from '../../src/sip/message/types.ts'
import type { Decision } from '../../src/sip/routing/decision.ts'
import { encoded } from '../../src/sip/routing/dialog-record.ts'
import { FlowTokens } from '../../src/sip/routing/flow-token.ts'
import { flowToken } from '../../src/sip/routing/policies/flow-token.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'
import { systemClock } from '../../src/sip/clock.ts'
import { arrival, requestText, testFlow } from '../support/arrival.ts'
import { FakeClock } from '../support/fake-clock.ts'

const key = Buffer.alloc(32, 7)
const bobHere = testFlow({ port: 40_002 })
const fe1 = new FlowTokens({ node: 'fe1.lab.test', key, flow: () => undefined })
const fe2 = new FlowTokens({ node: 'fe2.lab.test', key, flow: (id) => (id === bobHere.id ? bobHere : undefined) })
const location = memoryLocation({ clock: systemClock })
t.teardown(() => location.close())

t.before(async () => {
  const contact = 'sip:bob@192.0.2.9:40002;transport=tls'
  await location.register({
    aor: 'sip:bob@lab.test',
    callId: 'r',
    cseq: 1,
    wall: systemClock.wall(),
    all: false,
    limit: 5,
    contacts: [
      {
        uri: parseUri(contact),
        binding: {
          contact,
          q: 1000,
          expires: systemClock.wall() + 60_000,
          path: [],
          instance: undefined,
          regId: undefined,
          epid: undefined,
          owner: 'fe2.lab.test',
          ownerRoute: undefined,
          flowBound: true,
          flow: bobHere.id,
          userAgent: '',
          received: '',
        },
      },
    ],
  })
})

/** A BYE of alice to bob at fe2, with a Route of the pool that carries the tokens of two flows of fe1. */
async function ask(parts: { readonly isUp: boolean; readonly to?: string; readonly user?: string }): Promise<Decision> {
  const policy = flowToken(fe2, {
    isReachable: () => parts.isUp,
    relocate: relocation({
      location,
      accounts: undefined,
      domains: ['lab.test'],
      self: 'fe2.lab.test',
      isOpen: () => true,
    }),
  })
  const user = parts.user ?? fe1.of(testFlow())
  const route = parseNameAddress(`<sip:${user}@pool.lab.test:5061;transport=tls;lr>`)
  const bye = requestText({
    method: 'BYE',
    uri: 'sip:bob@192.0.2.9:40002;transport=tls',
    to: parts.to ?? 'sip:bob@lab.test',
    toParameters: ';tag=2',
  })
  const made = { ...arrival(bye), ownRoute: route, nearRoute: route }
  const found = fe2.recognise(user, made.request)
  if (found.kind === 'dialog') made.remarks.dialog = { ...found, proved: true }
  return policy.decide(made)
}

/** What fe1 wrote into Record-Route: alice, whose tag is 1, called `callee`, and both are on flows of fe1. */
function sealed(callee = 'sip:bob@lab.test'): string {
  const end = (aor: string) => ({ identity: encoded(aor), uri: encoded(aor), organisation: '', hop: 'w' })
  const record = { caller: end('sip:alice@lab.test'), callee: end(callee) }
  return fe1.seal(record, { callId: 'call-1', tag: '1' }, `${fe1.of(testFlow())}+${fe1.of(testFlow())}`)
}

t.test('a token of another front end', async (t) => {
  t.test('leads there while it can be spoken to', async (t) => {
    t.match(await ask({ isUp: true }), { kind: 'route', targets: [{ nextHop: 'sip:fe1.lab.test:5061;transport=tls' }] })
  })

  t.test('in a sealed value leads there too', async (t) => {
    t.match(await ask({ isUp: true, user: sealed() }), {
      kind: 'route',
      targets: [{ nextHop: 'sip:fe1.lab.test:5061;transport=tls', by: 'dialog' }],
    })
  })

  t.test('leads to the binding of the recorded user when it cannot, whatever To says', async (t) => {
    t.match(await ask({ isUp: false, user: sealed(), to: 'sip:sales@lab.test' }), {
      kind: 'route',
      targets: [{ flow: bobHere.id, uri: 'sip:bob@192.0.2.9:40002;transport=tls' }],
      because: 'flow-token.relocated',
    })
  })

  t.test('is 430 when the user has no binding and a server asks', async (t) => {
    t.match(await ask({ isUp: false, user: sealed('sip:carol@lab.test') }), {
      kind: 'refuse',
      status: 430,
    })
  })

  t.test('that somebody made up is 403 all the same', async (t) => {
    t.match(
      await ask({ isUp: false, user: fe1.of(testFlow()).replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) }),
      { kind: 'refuse', status: 403 },
    )
  })
})

t.test('drain', async (t) => {
  function draining(open: number): {
    readonly clock: FakeClock
    readonly closed: string[]
    readonly refusing: () => boolean
    readonly done: Promise<number>
    end(): void
  } {
    const clock = new FakeClock()
    const closed: string[] = []
    const flow: Flow = { ...testFlow(), close: (because) => void closed.push(because) }
    let left = open
    let isRefusing = false
    const done = drain({
      clock,
      inProgress: () => left,
      flows: () => [flow],
      flowsInUse: () => new Set([flow]),
      turnAway: () => (isRefusing = true),
      signOff: async () => undefined,
    })
    return { clock, closed, refusing: () => isRefusing, done, end: () => (left = 0) }
  }

  t.test('closes the flows when nothing is in progress', async (t) => {
    const { closed, done } = draining(0)
    t.same([await done, closed], [0, ['drained']])
  })

  t.test('signs clients off before their flows are closed', async (t) => {
    const order: string[] = []
    await drain({
      clock: new FakeClock(),
      inProgress: () => 0,
      flows: () => [{ ...testFlow(), close: () => void order.push('closed') }],
      flowsInUse: () => new Set(),
      turnAway() {},
      signOff: async () => void order.push('signed off'),
    })
    t.same(order, ['signed off', 'closed'])
  })

  t.test('turns new calls away after ten seconds, and gives up after forty', async (t) => {
    const { clock, closed, refusing, done } = draining(2)
    const seen: boolean[] = []
    let isOver = false
    void done.then(() => (isOver = true))
    for (let tick = 0; tick < 2100 && !isOver; tick++) {
      clock.advance(20)
      await Promise.resolve()
      await Promise.resolve()
      if (tick === 400 || tick === 600) seen.push(refusing())
    }
    t.same([await done, seen, closed], [2, [false, true], ['drained']])
  })

  t.test('closes the connection of another server as soon as nothing on it waits', async (t) => {
    const clock = new FakeClock()
    const closed: string[] = []
    const named = (name: string, over: Partial<Flow>): Flow => ({
      ...testFlow(),
      ...over,
      close: () => void closed.push(name),
    })
    const peer = server
    const busy = named('busy server', { peer })
    const flows = [named('idle server', { peer }), busy, named('phone', {})]
    let left = 1
    const done = drain({
      clock,
      inProgress: () => left,
      flows: () => flows,
      flowsInUse: () => new Set([busy]),
      turnAway() {},
      signOff: async () => undefined,
    })
    const early = [...closed]
    left = 0
    clock.advance(20)
    await done
    t.same(early, ['idle server'])
  })

  t.test('turns away what begins something long', async (t) => {
    const of = (method: string): number | undefined => turnsAway(parseText(requestText({ method })) as SipRequest)
    t.same([of('INVITE'), of('SUBSCRIBE'), of('REGISTER'), of('MESSAGE')], [0, 0, undefined, undefined])
  })
})

t.test('a server that stops', async (t) => {
  /** Milliseconds until it goes on, and whether it turned new work away. */
  async function stopping(inProgress: (now: number) => number): Promise<readonly [number, number, boolean]> {
    const clock = new FakeClock()
    const started = clock.now()
    let turnsAway = false
    let isOver = false
    const done = quiet(
      { clock, inProgress: () => inProgress(clock.now() - started), turnAway: () => (turnsAway = true) },
      stopPatience,
    ).finally(() => (isOver = true))
    for (let tick = 0; tick < 500 && !isOver; tick++) {
      await Promise.resolve()
      await Promise.resolve()
      if (!isOver) clock.advance(20)
    }
    return [await done, clock.now() - started, turnsAway]
  }

  t.test('stops at once when nothing is in progress', async (t) => {
    t.same(await stopping(() => 0), [0, 0, false])
  })

  t.test('lets what is in progress end, and turns nothing away', async (t) => {
    t.same(await stopping((now) => (now < 300 ? 1 : 0)), [0, 300, false])
  })

  t.test('gives a call up that still rings after two seconds', async (t) => {
    t.same(await stopping(() => 1), [1, 2000, false])
  })
})

/** A server behind us answers 430 inside a dialog: the way is asked for once more (RFC 5626 §5.3). */
import t from 'tap'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import type { Arrival, Decision } from '../../../src/sip/routing/decision.ts'
import { Detours } from '../../../src/sip/routing/detours.ts'
import {
  followAnyRoute,
  trustDialog,
  proxyBench,
  type ProxyBench,
  route,
  settle,
  target,
} from '../../support/proxy-bench.ts'
import { ackFor, cancelFor, request } from '../../support/sip-messages.ts'

const contact = 'sip:x7f3@client.invalid;transport=tls'
const toAlice = '<sip:alice@lab.test>;tag=b1'
const stale = [
  'Route',
  '<sip:internal.lab.test:5061;transport=tls;lr>, <sip:old.lab.test;lr>, <sip:lost@old.lab.test;lr>',
] as const
const unknown: Decision = { kind: 'pass' }
const around: Decision = route(target(contact, { routes: ['<sip:new.lab.test;lr>', '<sip:found@edge.lab.test;lr>'] }))

interface Asked extends ProxyBench {
  readonly asked: Arrival[]
}

/**
 * A home whose dialogs lead over `old.lab.test` (port 7001); what it knows anew leads over `new.lab.test` (port 7002).
 */
function bench(detour: (arrival: Arrival) => Decision | Promise<Decision> = () => around): Asked {
  const asked: Arrival[] = []
  const made = proxyBench({
    hosts: { 'old.lab.test': [7001], 'new.lab.test': [7002] },
    admit: [trustDialog()],
    target: [followAnyRoute(), { name: 'local', decide: () => route(target('sip:bob@old.lab.test')) }],
    settings: { detour: (arrival) => (asked.push(arrival), detour(arrival)) },
  })
  return { ...made, asked }
}

function inDialog(method: string, cseq = 2): SipRequest {
  return request({ method, uri: contact, to: toAlice, cseq, callId: 'dialog-1', headers: [stale] })
}

// conformance: RFC 5626 §5.3 — inside a dialog the way is asked for once more after 430
t.test('430 inside a dialog', async (t) => {
  t.test('leads to the way that is known now', async (t) => {
    const home = bench()
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    await settle()
    home.answer(home.to(7002), 200)
    t.same([home.to(7002).lines, home.caller.response().status], [[`BYE ${contact} SIP/2.0`], 200])
  })

  t.test('takes none of the old Route along', async (t) => {
    const home = bench()
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    await settle()
    t.same(home.to(7002).request().headers('Route'), ['<sip:new.lab.test;lr>', '<sip:found@edge.lab.test;lr>'])
  })

  t.test('becomes 480 for the client when it comes by the new way too', async (t) => {
    const home = bench()
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    await settle()
    home.answer(home.to(7002), 430)
    await settle()
    t.same([home.caller.response().status, home.asked.length], [480, 1])
  })

  t.test('becomes 480 for the client when no other way is known', async (t) => {
    const home = bench(() => unknown)
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    t.same([home.caller.response().status, home.told], [480, ['480 route.no-flow']])
  })

  t.test('becomes 480 for the client when the bindings cannot be asked', async (t) => {
    const home = bench(() => Promise.reject(new Error('a bug')))
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    await settle()
    t.same([home.caller.response().status, home.errors.length], [480, 1])
  })

  t.test('waits for a look-up that takes its time', async (t) => {
    const found = Promise.withResolvers<Decision>()
    const home = bench(() => found.promise)
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 430)
    await settle()
    const before = home.caller.sent.length
    found.resolve(around)
    await settle()
    t.same([before, home.to(7002).lines], [0, [`BYE ${contact} SIP/2.0`]])
  })

  t.test('is not gone around when the INVITE was cancelled meanwhile', async (t) => {
    const found = Promise.withResolvers<Decision>()
    const home = bench(() => found.promise)
    const invite = inDialog('INVITE')
    await home.arrive(invite)
    home.answer(home.to(7001), 430)
    await home.arrive(cancelFor(invite))
    found.resolve(around)
    await settle()
    t.same([home.caller.response().status, home.transport.dialled.length], [487, 1])
  })
})

t.test('other answers inside a dialog go back as they are', async (t) => {
  const home = bench()
  await home.arrive(inDialog('BYE'))
  home.answer(home.to(7001), 481)
  t.same([home.caller.response().status, home.asked.length], [481, 0])
})

t.test('430 outside a dialog becomes 480 for the client: the bindings were asked already', async (t) => {
  const home = bench()
  await home.arrive(request({ method: 'MESSAGE' }))
  home.answer(home.to(7001), 430)
  t.same([home.caller.response().status, home.asked.length], [480, 0])
})

t.test('the ACK of a re-INVITE', async (t) => {
  t.test('goes the way that its INVITE found', async (t) => {
    const home = bench()
    const invite = inDialog('INVITE')
    await home.arrive(invite)
    home.answer(home.to(7001), 430)
    await settle()
    home.answer(home.to(7002), 200)
    const sent = home.to(7001).lines.length
    await home.arrive(
      ackFor(invite, 'b1', { to: toAlice, via: 'SIP/2.0/TLS 127.0.41.99:40000;branch=z9hG4bKack', headers: [stale] }),
    )
    t.same(
      [home.to(7001).lines.length, home.to(7002).lines.at(-1), home.to(7002).request().headers('Route')],
      [sent, `ACK ${contact} SIP/2.0`, ['<sip:new.lab.test;lr>', '<sip:found@edge.lab.test;lr>']],
    )
  })

  t.test('that needed no detour goes by its Route', async (t) => {
    const home = bench()
    const invite = inDialog('INVITE')
    await home.arrive(invite)
    home.answer(home.to(7001), 200)
    await home.arrive(
      ackFor(invite, 'b1', { to: toAlice, via: 'SIP/2.0/TLS 127.0.41.99:40000;branch=z9hG4bKack', headers: [stale] }),
    )
    t.equal(home.to(7001).lines.at(-1), `ACK ${contact} SIP/2.0`)
  })
})

t.test('detours', async (t) => {
  const ack = (callId: string, cseq = 2): SipRequest => request({ method: 'ACK', to: toAlice, callId, cseq })
  const way = target(contact)

  t.test('are kept for Timer C and 64*T1', async (t) => {
    const detours = new Detours()
    detours.note(inDialog('INVITE'), way, 0)
    t.same([detours.of(ack('dialog-1'), 212_999), detours.of(ack('dialog-1'), 213_000)], [way, undefined])
  })

  t.test('belong to one INVITE of one dialog', async (t) => {
    const detours = new Detours()
    detours.note(inDialog('INVITE'), way, 0)
    t.same([detours.of(ack('dialog-2'), 1), detours.of(ack('dialog-1', 3), 1)], [undefined, undefined])
  })

  t.test('are a thousand at most', async (t) => {
    const detours = new Detours()
    for (let at = 0; at <= 1000; at++) detours.note(request({ to: toAlice, callId: `d${at}`, cseq: 2 }), way, 0)
    t.same([detours.of(ack('d0'), 1), detours.of(ack('d1'), 1), detours.of(ack('d1000'), 1)], [undefined, way, way])
  })
})

/** A server dies after it took a request and before it answered: its link is reset (RFC 3263 §4.3). */
import t from 'tap'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import {
  followAnyRoute,
  proxyBench,
  type ProxyBench,
  route,
  settle,
  target,
  trustDialog,
} from '../../support/proxy-bench.ts'
import type { FakeFlow } from '../../support/fake-transport.ts'
import { ackFor, request } from '../../support/sip-messages.ts'

const callee = 'sip:bob@callee.lab.test'
const pair = { hosts: { 'callee.lab.test': [7001, 7002] } }

async function reset(bench: ProxyBench, flow: FakeFlow, because = 'link.reset'): Promise<void> {
  flow.close()
  bench.proxy.transactions.onFlowClosed(flow, because)
  await settle()
}

/** The first flow to each of these ports resets as soon as something is written to it. */
function diesOnce(bench: ProxyBench, ...ports: readonly number[]): void {
  const left = new Set(ports)
  bench.transport.onFlow = (flow) => {
    if (left.delete(flow.remote.port)) flow.onSend = () => queueMicrotask(() => void reset(bench, flow))
  }
}

function linesTo(bench: ProxyBench): readonly string[][] {
  return [...bench.transport.flows.values()].filter((flow) => flow !== bench.caller).map(({ lines }) => lines)
}

// conformance: RFC 3263 §4.3 — a transport failure leads to the next server, whatever the method
for (const method of ['BYE', 'MESSAGE', 'REGISTER', 'NOTIFY', 'INVITE'])
  t.test(`a ${method} whose link is reset goes to the next server, with another branch`, async (t) => {
    const bench = proxyBench(pair)
    diesOnce(bench, 7001)
    await bench.arrive(request({ method, uri: callee }))
    bench.answer(bench.to(7002), 200)
    t.same(linesTo(bench), [[`${method} ${callee} SIP/2.0`], [`${method} ${callee} SIP/2.0`]])
    t.not(bench.to(7001).request().branch, bench.to(7002).request().branch)
    t.equal(bench.caller.response().status, 200)
  })

t.test('a BYE that was answered 100 is tried at the next server all the same', async (t) => {
  const bench = proxyBench(pair)
  await bench.arrive(request({ method: 'BYE', uri: callee }))
  bench.answer(bench.to(7001), 100)
  await reset(bench, bench.to(7001))
  t.same(bench.to(7002).lines, [`BYE ${callee} SIP/2.0`])
})

t.test('behind the only address may be a balancer', async (t) => {
  for (const because of ['link.reset', 'peer-closed'])
    t.test(`${because}: it is dialled once more, for another server of it`, async (t) => {
      const bench = proxyBench()
      await bench.arrive(request({ method: 'BYE', uri: callee }))
      const dead = bench.to(7001)
      await reset(bench, dead, because)
      bench.answer(bench.to(7001), 200)
      t.same([dead.lines.length, bench.transport.dialled.length, bench.caller.response().status], [1, 2, 200])
    })

  t.test('once: the second reset is 504 with its reason, and no 503 or 408', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ method: 'BYE', uri: callee }))
    await reset(bench, bench.to(7001))
    await reset(bench, bench.to(7001))
    t.same(
      [bench.caller.response().status, bench.caller.response().header('Retry-After'), bench.told],
      [504, undefined, ['504 link.reset']],
    )
    t.equal(bench.transport.dialled.length, 2)
  })

  t.test('a peer that refuses the certificate is not asked again', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ method: 'BYE', uri: callee }))
    await reset(bench, bench.to(7001), 'tls.alert')
    t.same([bench.told, bench.transport.dialled.length], [['504 tls.alert'], 1])
  })
})

t.test('a server that asked for time is left alone after the reset of another', async (t) => {
  const bench = proxyBench(pair)
  await bench.arrive(request({ method: 'OPTIONS', uri: callee }))
  bench.answer(bench.to(7001), 503, [['Retry-After', '30']])
  await settle()
  await reset(bench, bench.to(7002))
  const spared = bench.transport.dialled.filter(({ port }) => port === 7001).length
  t.equal(spared, 1)
})

t.test('an ACK', async (t) => {
  const ack = (): ReturnType<typeof request> =>
    ackFor(request({ uri: callee }), 'b1', { via: 'SIP/2.0/TLS 127.0.41.99:40000;branch=z9hG4bKack' })

  t.test('goes to the next server when the first takes no connection', async (t) => {
    const bench = proxyBench(pair)
    bench.transport.failing.set(7001, 'link.reset')
    await bench.arrive(ack())
    t.same([bench.to(7002).lines, bench.told], [[`ACK ${callee} SIP/2.0`], []])
  })

  t.test('goes to the next server when the flow to the first takes nothing', async (t) => {
    const bench = proxyBench(pair)
    const full = bench.transport.open({
      ...{ transport: 'tls', address: '127.0.41.50', port: 7001, verifyName: 'callee.lab.test', face: 'internal' },
    })
    full.full = true
    bench.transport.failing.set(7001, 'link.refused')
    await bench.arrive(ack())
    t.same(bench.to(7002).lines, [`ACK ${callee} SIP/2.0`])
  })

  t.test('is dropped with the last reason when none takes it', async (t) => {
    const bench = proxyBench(pair)
    for (const port of [7001, 7002]) bench.transport.failing.set(port, 'link.reset')
    await bench.arrive(ack())
    t.same(bench.told, ['dropped link.reset'])
  })

  t.test('that was lost on a reset link goes to the next server when the 2xx brings it again', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(ack())
    await reset(bench, bench.to(7001))
    bench.transport.failing.set(7001, 'link.refused')
    await bench.arrive(ack())
    t.same(bench.to(7002).lines, [`ACK ${callee} SIP/2.0`])
  })
})

t.test('inside a dialog (docs/decisions/0040)', async (t) => {
  const contact = 'sip:x7f3@client.invalid;transport=tls'
  const bench = (detour: () => Decision): ProxyBench =>
    proxyBench({
      hosts: { 'fe2.lab.test': [7001], 'fe1.lab.test': [7002] },
      admit: [trustDialog()],
      target: [followAnyRoute()],
      settings: { detour },
    })
  const around = route(target(contact, { routes: ['<sip:found@fe1.lab.test;lr>'] }))
  const inDialog = (method: string): ReturnType<typeof request> =>
    request({
      method,
      uri: contact,
      to: '<sip:alice@lab.test>;tag=b1',
      cseq: 2,
      headers: [['Route', '<sip:internal.lab.test:5061;lr>, <sip:fe2.lab.test;lr>']],
    })

  for (const method of ['BYE', 'MESSAGE', 'NOTIFY', 'INVITE'])
    t.test(`a ${method} to a server that dies goes by the bindings`, async (t) => {
      const home = bench(() => around)
      await home.arrive(inDialog(method))
      home.transport.failing.set(7001, 'link.refused')
      await reset(home, home.to(7001))
      home.answer(home.to(7002), 200)
      t.same([home.to(7002).lines, home.caller.response().status], [[`${method} ${contact} SIP/2.0`], 200])
    })

  t.test('a BYE to a server that takes no connection goes by the bindings', async (t) => {
    const home = bench(() => around)
    home.transport.failing.set(7001, 'link.refused')
    await home.arrive(inDialog('BYE'))
    t.same(home.to(7002).lines, [`BYE ${contact} SIP/2.0`])
  })

  t.test('the dead server is not dialled again when the bindings still lead to it', async (t) => {
    const home = bench(() => route(target(contact, { routes: ['<sip:lost@fe2.lab.test;lr>'] })))
    home.transport.failing.set(7001, 'link.refused')
    await home.arrive(inDialog('BYE'))
    t.same([home.told, home.transport.dialled.length], [['504 link.refused'], 1])
  })

  t.test('504 of the server itself goes back: it knows more than the bindings', async (t) => {
    const home = bench(() => around)
    await home.arrive(inDialog('BYE'))
    home.answer(home.to(7001), 504)
    t.same([home.caller.response().status, home.transport.dialled.length], [504, 1])
  })

  t.test('a binding that is no URI ends with the first answer', async (t) => {
    const home = bench(() => route(target('sip:', { routes: ['<sip:>'] })))
    home.transport.failing.set(7001, 'link.refused')
    await home.arrive(inDialog('BYE'))
    t.equal(home.caller.response().status, 504)
  })
})

import t, { type Test } from 'tap'
import { systemClock } from '../../../src/sip/clock.ts'
import { createProxy, type Proxy } from '../../../src/sip/routing/proxy.ts'
import { defaultForward } from '../../../src/sip/routing/settings.ts'
import { defaultTransactionLimits } from '../../../src/sip/transaction/settings.ts'
import { TimerWheel } from '../../../src/sip/transaction/timer-wheel.ts'
import { defaultTimers, type TransactionLayer } from '../../../src/sip/transaction/types.ts'
import { createTransport, type NextHop, TargetHealth, type TransportLayer } from '../../../src/sip/transport/index.ts'
import { createUserAgent, type IncomingRequest, type UserAgent } from '../../../src/sip/user-agent/index.ts'
import { followAnyRoute, route } from '../../support/proxy-bench.ts'

/** A transport with one TCP listener whose news goes to a transaction layer that comes later. */
async function tcp(t: Test) {
  const above: { transactions?: TransactionLayer } = {}
  const transport: TransportLayer = createTransport({
    clock: systemClock,
    judge: () => ({ kind: 'accept', peer: undefined }),
    user: {
      onRequest: (request, flow) => above.transactions?.onRequest(request, flow),
      onResponse: (response, flow) => above.transactions?.onResponse(response, flow),
      onFlowOpened() {},
      onFlowClosed: (flow, because) => above.transactions?.onFlowClosed(flow, because),
      onRefused() {},
      onIncident: ({ event, reason }) => t.fail(`${event}: ${reason}`),
    },
  })
  const listener = await transport.listen({
    face: 'internal',
    transport: 'tcp',
    address: '127.0.0.1',
    port: 0,
    mutual: 'off',
    tls: undefined,
  })
  t.teardown(() => transport.close())
  return { above, transport, port: listener.local.port }
}

async function userAgent(
  t: Test,
  name: string,
  onRequest?: (incoming: IncomingRequest) => void,
): Promise<UserAgent & { readonly port: number }> {
  const { above, transport, port } = await tcp(t)
  const agent = createUserAgent({
    clock: systemClock,
    wheel: new TimerWheel(systemClock),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport,
    locate: ({ host, port: at }) => [
      { transport: 'tcp', address: host, port: at ?? 5060, verifyName: undefined, face: 'internal' },
    ],
    face: 'internal',
    identity: `<sip:${name}@lab.test>`,
    contact: () => `<sip:${name}@127.0.0.1:${port};transport=tcp>`,
    via: (_, branch) => `SIP/2.0/TCP 127.0.0.1:${port};branch=${branch}`,
    headers: [],
    ...(onRequest === undefined ? {} : { onRequest }),
  })
  above.transactions = agent.transactions
  t.teardown(() => agent.close())
  return Object.assign(agent, { port })
}

async function proxyTo(t: Test, callee: () => string): Promise<Proxy & { readonly port: number }> {
  const { above, transport, port } = await tcp(t)
  const hop = (host: string, at: number): NextHop => ({
    transport: 'tcp',
    address: host,
    port: at,
    verifyName: undefined,
    face: 'internal',
  })
  const proxy = createProxy({
    clock: systemClock,
    wheel: new TimerWheel(systemClock),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport,
    locate: ({ host, port: at }) => [hop(host, at ?? 5060)],
    health: new TargetHealth(systemClock),
    faces: {
      internal: {
        name: '127.0.0.1',
        recordRouteName: '127.0.0.1',
        ports: { tcp: port },
        alsoKnownAs: [],
        admit: [],
        target: [followAnyRoute(), { name: 'callee', decide: () => route(callee()) }],
      },
    },
    forward: defaultForward,
    optionTags: [],
    diagnostics: () => [],
    on: { failed: (_, error) => t.fail(String(error)) },
  })
  above.transactions = proxy.transactions
  t.teardown(() => proxy.close())
  return Object.assign(proxy, { port })
}

t.test('over real connections', async (t) => {
  t.test('a call is placed, acknowledged and ended through the proxy, by its Record-Route', async (t) => {
    const methods: string[] = []
    const bob: { port?: number } = {}
    const proxy = await proxyTo(t, () => `sip:bob@127.0.0.1:${bob.port};transport=tcp`)
    const callee = await userAgent(t, 'bob', (incoming) => {
      const { request } = incoming
      methods.push(`${request.method} through ${request.vias().length} Vias`)
      incoming.respond(200, { headers: [['Contact', `<sip:bob@127.0.0.1:${bob.port};transport=tcp>`]] })
    })
    bob.port = callee.port
    const alice = await userAgent(t, 'alice')
    const call = alice.invite('sip:bob@lab.test', { nextHop: `sip:127.0.0.1:${proxy.port};transport=tcp;lr` })
    const { status } = await call.response
    await call.acknowledge()
    const bye = await call.bye()
    t.same([status, bye.status, methods], [200, 200, ['INVITE through 2 Vias', 'BYE through 2 Vias']])
  })

  t.test('a callee that cannot be reached is 504', async (t) => {
    const proxy = await proxyTo(t, () => 'sip:bob@127.0.0.1:1;transport=tcp')
    const alice = await userAgent(t, 'alice')
    const { status } = await alice.request('MESSAGE', 'sip:bob@lab.test', { nextHop: `sip:127.0.0.1:${proxy.port}` })
    t.equal(status, 504)
  })

  t.test('the proxy answers OPTIONS for itself', async (t) => {
    const proxy = await proxyTo(t, () => 'sip:nobody@127.0.0.1:1')
    const alice = await userAgent(t, 'alice')
    const { status } = await alice.request('OPTIONS', `sip:127.0.0.1:${proxy.port}`)
    t.equal(status, 200)
  })
})

/** What one OPTIONS to a peer tells, by a clock of the test: dead connections, silent ones. */
import t from 'tap'
import type { ProbeResult } from '../../src/node/links.ts'
import { probe } from '../../src/node/probe.ts'
import type { NodePlan } from '../../src/topology/plan-types.ts'
import type { NextHop } from '../../src/sip/transport/types.ts'
import { planLab } from '../../src/topology/plan.ts'
import { loadTopology } from '../../src/topology/load.ts'
import type { FakeFlow } from '../support/fake-transport.ts'
import { proxyBench, settle } from '../support/proxy-bench.ts'
import { responseTo } from '../support/sip-messages.ts'

const peer = { fqdn: 'fe2.lab.test', port: 5061, face: 'internal', by: 'home' } as const
const hop: NextHop = {
  transport: 'tls',
  address: '127.0.41.12',
  port: 5061,
  verifyName: 'fe2.lab.test',
  face: 'internal',
  host: 'fe2.lab.test',
}
const plan = planOf('fe1')

function planOf(name: string): NodePlan {
  const found = planLab(loadTopology('pool')).nodes.find((node) => node.name === name)
  if (found === undefined) throw new Error(`the pool has no ${name}`)
  return found
}

/** A node with a probe on its way; `flow` is where its OPTIONS went last. */
function probing() {
  const bench = proxyBench()
  const { clock, transport, proxy } = bench
  const begin = async (): Promise<{ result: ProbeResult | undefined }> => {
    const seen: { result: ProbeResult | undefined } = { result: undefined }
    void probe(
      { clock, plan, who: { byName: () => 'fe2', byAddress: () => 'fe2' }, proxy, transport, locate: () => [hop] },
      peer,
    ).then((result) => (seen.result = result))
    await settle()
    return seen
  }
  return {
    ...bench,
    begin,
    flow: (): FakeFlow => bench.to(5061),
    answer: (status: number) =>
      proxy.transactions.onResponse(responseTo(bench.to(5061).request(), status, [], 'b'), bench.to(5061)),
    /** As the transport does when a connection ends. */
    end(flow: FakeFlow, because = 'peer-closed') {
      flow.close()
      proxy.transactions.onFlowClosed(flow, because)
    },
  }
}

t.test('one OPTIONS to a peer', async (t) => {
  t.test('makes the link up with any final answer', async (t) => {
    const { begin, answer } = probing()
    const seen = await begin()
    answer(404)
    await settle()
    t.same(seen.result, { kind: 'answered', status: 404 })
  })

  t.test('waits five seconds for an answer', async (t) => {
    const { begin, clock } = probing()
    const seen = await begin()
    clock.advance(4_999)
    await settle()
    const early = seen.result
    clock.advance(1)
    await settle()
    t.match(
      [early, seen.result],
      [undefined, { kind: 'failed', verdict: { code: 'link.timeout', link: 'fe1->fe2', direction: 'outgoing' } }],
    )
  })

  t.test('without an answer leaves no transaction behind', async (t) => {
    const { begin, clock, proxy } = probing()
    await begin()
    clock.advance(5_000)
    await settle()
    t.equal(proxy.transactions.counts.client, 0)
  })

  t.test('without an answer keeps the connection: the peer may only be slow', async (t) => {
    const { begin, clock, flow } = probing()
    await begin()
    clock.advance(5_000)
    t.equal(flow().open, true)
  })

  t.test('the second in a row without an answer closes the connection', async (t) => {
    const { begin, clock, flow } = probing()
    await begin()
    clock.advance(5_000)
    await begin()
    clock.advance(5_000)
    t.equal(flow().open, false)
  })

  t.test('an answer in between keeps it', async (t) => {
    const { begin, clock, flow, answer } = probing()
    await begin()
    clock.advance(5_000)
    await begin()
    answer(200)
    await begin()
    clock.advance(5_000)
    t.equal(flow().open, true)
  })

  t.test('on a connection that ends is sent again on a new one', async (t) => {
    const { begin, flow, transport, end, answer } = probing()
    const old = transport.open(hop)
    const seen = await begin()
    end(old)
    await settle()
    const anew = flow()
    answer(200)
    await settle()
    t.match([anew === old, seen.result], [false, { kind: 'answered', status: 200 }])
  })

  t.test('on a new connection that is dialled anew meanwhile is sent again: that is no word of the peer', async (t) => {
    const { begin, flow, end, answer } = probing()
    const seen = await begin()
    const first = flow()
    end(first, 'redialled')
    await settle()
    const anew = flow()
    answer(200)
    await settle()
    t.match([anew === first, seen.result], [false, { kind: 'answered', status: 200 }])
  })

  t.test('is sent no third time', async (t) => {
    const { begin, flow, transport, end } = probing()
    const old = transport.open(hop)
    const seen = await begin()
    end(old)
    await settle()
    end(flow())
    await settle()
    t.match([transport.dialled.length, seen.result], [1, { kind: 'failed', verdict: { code: 'link.reset' } }])
  })
})

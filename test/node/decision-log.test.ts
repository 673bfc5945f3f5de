import t from 'tap'
import type { TraceEntry } from '../../src/node/control/control-api.ts'
import { DecisionLog } from '../../src/node/wire/decision-log.ts'
import { refuse } from '../../src/sip/routing/decision.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'

const flow = {
  transport: 'tls',
  local: { address: '127.0.41.31', port: 10_443 },
  remote: { address: '127.0.0.1', port: 40_312 },
} as Flow
const request = { method: 'INVITE', requestUri: 'sip:bob@lab.test', callId: 'one@phone' }
const wall = Date.parse('2026-11-29T12:00:00.000Z')

function log(kept: number): { readonly log: DecisionLog; readonly at: { wall: number } } {
  const at = { wall }
  return { log: new DecisionLog({ node: 'edge', clock: { wall: () => at.wall }, kept }), at }
}

t.test('a refusal is kept with its policy, status, reason and call', async (t) => {
  const { log: decisions } = log(10)
  decisions.add({ request, flow }, refuse(403, 'remote.foreign-domain'), 'remote-user')
  t.strictSame(decisions.since(60), [
    {
      time: '2026-11-29T12:00:00.000Z',
      node: 'edge',
      kind: 'decision',
      direction: 'in',
      transport: 'tls',
      local: '127.0.41.31:10443',
      remote: '127.0.0.1:40312',
      decision: {
        kind: 'refuse',
        policy: 'remote-user',
        status: 403,
        because: 'remote.foreign-domain',
        method: 'INVITE',
        callId: 'one@phone',
        uri: 'sip:bob@lab.test',
      },
    },
  ])
})

t.test('a route says where its first target leads', async (t) => {
  const { log: decisions } = log(10)
  const target = { uri: 'sip:bob@lab.test', flow: undefined, routes: [], nextHop: 'sip:director.lab.test', q: 1000 }
  const targets = [{ ...target, face: undefined }]
  decisions.add({ request, flow }, { kind: 'route', targets, because: 'inward' }, 'inward')
  t.match(decisions.since(60), [{ decision: { kind: 'route', to: 'sip:director.lab.test', because: 'inward' } }])
})

t.test('the newest are kept, however long a URI is', async (t) => {
  const { log: decisions, at } = log(4)
  for (let nth = 0; nth < 50; nth += 1) {
    at.wall = wall + nth
    const long = { ...request, callId: String(nth), requestUri: `sip:${'x'.repeat(5000)}@lab.test` }
    decisions.add({ request: long, flow }, { kind: 'drop', because: 'ack' }, 'dialog')
  }
  const kept = decisions.since(60).map(({ decision }) => decision?.callId)
  t.ok(kept.length >= 1 && kept.length <= 4)
  t.equal(kept.at(-1), '49')
})

t.test('a reader that follows sees each decision, also where none is kept', async (t) => {
  const { log: decisions } = log(0)
  const seen: TraceEntry[] = []
  const stop = decisions.follow((entry) => seen.push(entry))
  decisions.add({ request, flow }, { kind: 'answer', status: 200 }, 'own-options')
  stop()
  decisions.add({ request, flow }, { kind: 'answer', status: 200 }, 'own-options')
  t.match(seen, [{ decision: { kind: 'answer', status: 200, policy: 'own-options' } }])
  t.strictSame(decisions.since(60), [])
})

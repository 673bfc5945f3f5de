/** How far the inside may believe a sender from outside. */
import t from 'tap'
import { federateIn } from '../../../src/roles/policies/federate-in.ts'
import { markOutside } from '../../../src/roles/policies/mark-outside.ts'
import type { Verification } from '../../../src/roles/federation.ts'
import { arrival, requestText, testFlow } from '../../support/arrival.ts'

/** The mark of a message from partner.test whose own edge wrote `said`. */
function markOf(verification: Verification | undefined, said: string | undefined): string {
  const flow = testFlow(verification === undefined ? {} : { peer: 'edge' })
  const from = verification === undefined ? 'sip:alice@lab.test' : 'sip:erin@partner.test'
  const made = arrival(
    requestText({
      method: 'MESSAGE',
      uri: 'sip:bob@lab.test',
      from,
      headers: said === undefined ? [] : [`ms-edge-proxy-message-trust: ${said}`],
    }),
    { flow },
  )
  const relation = {
    kind: 'federated',
    source: 'DirectPartner',
    edges: [{ host: 'peer.lab.test', port: 5061 }],
    verification: verification ?? 'AlwaysVerifiable',
  } as const
  federateIn({
    federation: { relationTo: () => relation },
    domains: ['lab.test'],
    self: 'sip.lab.test',
    ports: new Set([5061]),
    isOurs: () => false,
  }).decide(made)
  markOutside({ edge: 'edge.lab.test' }).decide(made)
  return made.remarks.add.map(([, value]) => value).join()
}

const yes = 'ms-source-verified-user=verified'
const no = 'ms-source-verified-user=unverified'

for (const [verification, said, wanted] of [
  ['AlwaysVerifiable', undefined, yes],
  ['AlwaysVerifiable', no, yes],
  ['AlwaysUnverifiable', yes, no],
  ['UseSourceVerification', yes, yes],
  ['UseSourceVerification', `ms-source-type=X; ${yes}`, yes],
  ['UseSourceVerification', no, no],
  ['UseSourceVerification', undefined, no],
  ['UseSourceVerification', `x-${yes}`, no],
  [undefined, yes, no],
] as const) {
  t.test(`${verification ?? 'a remote user'}, which said ${said ?? 'nothing'}: ${wanted}`, async (t) => {
    t.ok(markOf(verification, said).split(';').includes(wanted))
  })
}

t.test('what was said is taken off before ours is written', async (t) => {
  const made = arrival(requestText({ method: 'MESSAGE', headers: ['ms-edge-proxy-message-trust: x=y'] }))
  markOutside({ edge: 'edge.lab.test' }).decide(made)
  t.match(made.remarks, { remove: ['ms-edge-proxy-message-trust'], remote: true })
})

import t from 'tap'
import { lookForOutlived } from '../../../src/node/certificates/live-links.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'
import type { NodePlan } from '../../../src/topology/plan-types.ts'
import { testFlow } from '../../support/arrival.ts'

const plan = planLab(loadTopology('edge')).nodes.find(({ name }) => name === 'director') as NodePlan
const ended = Date.parse('2005-04-01T00:00:00Z')

function look(
  times: readonly number[],
  whenOwnCertificateEnds = plan.whenOwnCertificateEnds,
): { readonly told: readonly unknown[]; readonly closed: readonly string[] } {
  const told: unknown[] = []
  const closed: string[] = []
  const shown = testFlow({ peer: 'server' })
  const flow: Flow = {
    ...shown,
    peer: shown.peer === undefined ? undefined : { ...shown.peer, notAfter: ended },
    close: (because) => void closed.push(because),
  }
  for (const wall of times)
    lookForOutlived(
      {
        plan: { ...plan, whenOwnCertificateEnds },
        recorder: { record: (event, fields) => void told.push({ event, code: fields?.verdict?.code }) },
        flows: [flow],
      },
      wall,
    )
  return { told, closed }
}

t.test('a link that goes on after the certificate of its peer ended is told of once', async (t) => {
  t.strictSame(look([ended + 2000, ended + 3000]).told, [{ event: 'certificate.link-outlived', code: 'cert.expired' }])
})

t.test('within two seconds of the end its node may be going as well, and nothing is told', async (t) => {
  t.strictSame(look([ended - 1, ended, ended + 1999]).told, [])
})

t.test('where links end with certificates it is closed', async (t) => {
  t.strictSame(look([ended + 2000], 'drain').closed, ['cert.expired'])
  t.strictSame(look([ended + 2000], 'warn').closed, [])
})

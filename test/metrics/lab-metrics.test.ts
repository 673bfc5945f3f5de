/** The page of a running lab. */
import t from 'tap'
import { exposition } from '../../src/metrics/exposition.ts'
import { labMetrics } from '../../src/metrics/lab-metrics.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const status = {
  lab: 'edge',
  running: true,
  nodes: [
    {
      name: 'director',
      role: 'director',
      state: 'ready',
      status: {
        links: [{ peer: 'pool.lab.test', state: 'down' as const, since: '2026-11-29T00:00:00Z' }],
        refusals: { 'route.abuse': 3 },
      },
    },
    { name: 'fe1', role: 'front-end', state: 'stopped' },
  ],
  links: [{ link: 'director->fe1', since: '2026-11-29T00:00:00Z', verdict: verdict('link.cut') }],
  faults: [{ target: 'director->fe1', fault: 'cut', since: '2026-11-29T00:00:00Z' }],
}
const certificate = {
  kind: 'certificate' as const,
  node: 'fe1',
  name: 'fe1-listener',
  references: [],
  notBefore: '',
  notAfter: '',
  secondsLeft: 43_200,
  warnsAt: '',
  listeners: [],
  links: [],
  stops: [],
  lifetimes: [],
}

t.test('nodes, links with verdicts, faults and days left of certificates', async (t) => {
  const measures = { status, certificates: [certificate], counters: { director: { flows: 2 } } }
  const { text } = await exposition(labMetrics(measures))
  for (const line of [
    'siplab_lab_up{lab="edge"} 1',
    'siplab_node_up{node="director",role="director"} 1',
    'siplab_node_up{node="fe1",role="front-end"} 0',
    'siplab_link_up{node="director",peer="pool.lab.test",shows=""} 0',
    'siplab_link_verdict{link="director->fe1",code="link.cut"} 1',
    'siplab_fault_on{on="director->fe1",fault="cut"} 1',
    'siplab_lab_certificate_days_left{kind="certificate",node="fe1",name="fe1-listener"} 0.5',
    'siplab_node_refusals{node="director",row="route.abuse"} 3',
    'siplab_node_measure{node="director",measure="flows"} 2',
  ])
    t.match(text, `\n${line}\n`, line)
})

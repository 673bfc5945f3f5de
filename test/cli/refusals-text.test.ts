/** What `siplab status` says of requests that the law refused. */
import t from 'tap'
import { refusalsText } from '../../src/cli/commands/status.ts'
import type { NodeStatus } from '../../src/node/control/control-api.ts'

const status: NodeStatus = {
  name: 'fe1',
  role: 'front-end',
  fqdn: 'fe1.lab.test',
  state: 'ready',
  since: '2026-01-01T00:00:00.000Z',
  pid: 1,
  listeners: [],
  links: [],
  verdicts: [],
  flows: 0,
  transactions: 0,
  registrations: 0,
  machine: { state: 'ok', events: { lost: 0, waiting: 0 } },
}

t.test('a node says how many requests each row refused, the commonest row first', async (t) => {
  const refusals = { 'route.abuse': 1, 'registration without identity': 2 }
  t.equal(
    refusalsText([{ name: 'fe1', status: { ...status, refusals } }, { name: 'fe2', status }, { name: 'dns' }]),
    'fe1 refused 3 requests by the trust table (siplab plan --format trust): ' +
      'registration without identity 2, route.abuse 1\n',
  )
  t.match(
    refusalsText([{ name: 'fe1', status: { ...status, refusals: { 'route.abuse': 1 } } }]),
    /refused 1 request by/,
  )
})

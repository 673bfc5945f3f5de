/** The one verdict of a link that is down, out of what both of its ends wrote. */
import t from 'tap'
import { verdict, type VerdictCode } from '../../src/verdicts/codes.ts'
import { refusedLink } from '../../src/lab/refused-links.ts'
import type { LinkState, NodeEvent } from '../../src/node/control/control-api.ts'

const peer = 'fe2.lab.test'
const connection = '127.0.41.11:40312>127.0.41.12:5061'

function down(code: VerdictCode): LinkState {
  return {
    peer,
    state: 'down',
    since: '2026-03-01T12:00:05.000Z',
    verdict: verdict(code, { node: 'fe1', link: 'fe1->fe2', direction: 'outgoing' }),
  }
}

function event(
  seq: number,
  node: string,
  name: string,
  code?: VerdictCode,
  change: Partial<NodeEvent> = {},
): NodeEvent {
  const direction = node === 'fe1' ? 'outgoing' : 'incoming'
  return {
    seq,
    time: `2026-03-01T12:00:0${seq}.000Z`,
    node,
    event: name,
    level: 'warn',
    message: '',
    ...(code === undefined ? {} : { verdict: verdict(code, { node, link: 'fe1->fe2', direction }), connection }),
    ...change,
  }
}

const linkUp = (seq: number): NodeEvent => event(seq, 'fe1', 'link.up', undefined, { data: { peer } })

t.test('a link that is down', async (t) => {
  t.test('has the cause that the other end saw', async (t) => {
    const events = [event(1, 'fe1', 'flow.lost', 'tls.peer-refused'), event(1, 'fe2', 'flow.refused', 'cert.expired')]
    t.match(refusedLink('fe1', 'fe1->fe2', down('tls.peer-refused'), events), {
      link: 'fe1->fe2',
      verdict: { code: 'cert.expired' },
    })
  })

  t.test('has it also when the clock of the other end was moved', async (t) => {
    const events = [
      linkUp(1),
      event(2, 'fe1', 'flow.lost', 'tls.peer-refused'),
      event(1, 'fe2', 'flow.refused', 'cert.expired', { time: '2026-01-01T00:00:00.000Z' }),
    ]
    t.match(refusedLink('fe1', 'fe1->fe2', down('tls.peer-refused'), events), { verdict: { code: 'cert.expired' } })
  })

  t.test('is not explained by what kept it from coming up before', async (t) => {
    const events = [
      event(1, 'fe1', 'flow.lost', 'tls.peer-refused'),
      event(1, 'fe2', 'flow.refused', 'cert.expired'),
      linkUp(3),
    ]
    t.match(refusedLink('fe1', 'fe1->fe2', down('link.timeout'), events), { verdict: { code: 'link.timeout' } })
  })

  t.test('has its own verdict where that is a cause', async (t) => {
    t.match(refusedLink('fe1', 'fe1->fe2', down('link.cut'), [event(1, 'fe2', 'flow.refused', 'cert.expired')]), {
      verdict: { code: 'link.cut' },
    })
  })
})

import t from 'tap'
import { judge, type Situation } from '../../../src/lab/scenario/expectation.ts'
import type { Expectation } from '../../../src/lab/scenario/format.ts'
import type { NodeEvent } from '../../../src/node/control/control-api.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { planLab } from '../../../src/topology/plan.ts'

const plan = planLab(loadTopology('edge'))
let sequence = 0

function event(node: string, name: string, rest: Partial<NodeEvent> = {}): NodeEvent {
  return {
    seq: (sequence += 1),
    time: '2026-01-01T00:00:00.000Z',
    node,
    event: name,
    level: 'info',
    message: 'It happened',
    ...rest,
  }
}

function situation(known: Partial<Situation>): Situation {
  return { plan, events: known.since ?? [], since: [], standing: undefined, flows: [], ...known }
}

function expecting(wanted: Partial<Expectation>): Expectation {
  return { absent: false, ...wanted }
}

t.test('a node', async (t) => {
  const stopped = situation({
    standing: { state: 'stopped', exit: 1, verdict: { code: 'cert.expired', message: 'It ended' } },
  })
  t.ok(judge(expecting({ node: 'fe1', state: 'stopped', exit: 1, because: 'cert.expired' }), stopped).held)
  t.match(judge(expecting({ node: 'fe1', state: 'stopped', exit: 0 }), stopped), {
    held: false,
    wanted: 'fe1 stopped, exit 0',
    found: 'fe1 stopped, exit 1, cert.expired',
    next: 'siplab events fe1',
  })
})

t.test('a chain of events', async (t) => {
  const since = [
    event('fe1', 'service.starting'),
    event('director', 'service.shut-down'),
    event('fe1', 'certificate.not-loaded', { data: { serial: 'ab' } }),
    event('fe1', 'service.shut-down'),
  ]

  t.test('holds with others between', async (t) =>
    t.ok(judge(expecting({ at: 'fe1', events: ['service.starting', 'service.shut-down'] }), situation({ since })).held),
  )

  t.test('does not hold in another order', async (t) => {
    t.match(judge(expecting({ at: 'fe1', events: ['service.shut-down', 'service.starting'] }), situation({ since })), {
      held: false,
      found: /missing service\.starting/,
    })
  })

  t.test('is of one node', async (t) =>
    t.notOk(judge(expecting({ at: 'director', events: ['service.starting'] }), situation({ since })).held),
  )

  t.test('compares the fields it names', async (t) => {
    t.ok(
      judge(
        expecting({ at: 'fe1', events: [{ event: 'certificate.not-loaded', data: { serial: 'ab' } }] }),
        situation({ since }),
      ).held,
    )
    t.notOk(
      judge(
        expecting({ at: 'fe1', events: [{ event: 'certificate.not-loaded', data: { serial: 'cd' } }] }),
        situation({ since }),
      ).held,
    )
  })
})

t.test('a verdict', async (t) => {
  const connection = '127.0.41.21:40000>127.0.41.11:5061'
  const since = [
    event('director', 'flow.refused', {
      connection,
      verdict: {
        code: 'cert.expired',
        message: 'It ended',
        node: 'director',
        link: 'director->fe1',
        direction: 'outgoing',
        windows: { hresult: '0x800B0101', name: 'CERT_E_EXPIRED', inferred: false },
      },
    }),
    event('fe1', 'flow.lost', {
      connection,
      verdict: {
        code: 'link.reset',
        message: 'It was reset',
        node: 'fe1',
        link: 'director->fe1',
        direction: 'incoming',
      },
    }),
  ]

  t.test('is the joined one of both ends', async (t) => {
    t.ok(
      judge(
        expecting({
          verdict: 'cert.expired',
          link: 'director->fe1',
          at: 'director',
          windows: '0x800B0101',
          also: ['link.reset'],
        }),
        situation({ since }),
      ).held,
    )
  })

  t.test('names what there was instead', async (t) => {
    t.match(judge(expecting({ verdict: 'cert.revoked', link: 'director->fe1' }), situation({ since })), {
      held: false,
      found: 'cert.expired on director->fe1',
    })
  })

  t.test('that must be absent', async (t) => {
    t.ok(judge(expecting({ verdict: 'cert.revoked', absent: true }), situation({ since })).held)
    t.notOk(judge(expecting({ verdict: 'cert.expired', absent: true }), situation({ since })).held)
  })
})

t.test('a link', async (t) => {
  const up = event('director', 'link.up', { data: { peer: 'pool.lab.test' } })
  const down = event('director', 'link.down', {
    data: { peer: 'pool.lab.test' },
    verdict: { code: 'cert.expired', message: 'It ended' },
  })

  t.test('is what its dialler said last', async (t) => {
    t.ok(
      judge(
        expecting({ link: 'director->fe1', state: 'down', because: 'cert.expired' }),
        situation({ events: [up, down] }),
      ).held,
    )
    t.ok(judge(expecting({ link: 'director->fe1', state: 'up' }), situation({ events: [down, up] })).held)
  })

  t.test('is untried again when its dialler starts', async (t) => {
    t.match(
      judge(
        expecting({ link: 'director->fe1', state: 'up' }),
        situation({ events: [up, event('director', 'service.starting')] }),
      ),
      { held: false, found: 'director->fe1 untried' },
    )
  })
})

t.test('a live connection keeps the certificates it was opened with', async (t) => {
  const flows = [{ link: 'director->fe1', shown: 'ab', dialledWith: 'cd' }]
  t.ok(judge(expecting({ flow: 'director->fe1', shows: 'ab', dialledWith: 'cd' }), situation({ flows })).held)
  t.match(judge(expecting({ flow: 'director->fe1', shows: 'ef' }), situation({ flows })), {
    held: false,
    found: 'shown ab, dialled with cd',
  })
})

t.test('events are told as an administrator saw them: node, number, name, text', async (t) => {
  const since = [
    event('fe1', 'service.stack-failed', { eventId: 12_290, message: 'The SIP stack failed to initialize' }),
  ]
  t.match(judge(expecting({ at: 'fe1', events: ['service.stack-failed'] }), situation({ since })), {
    held: true,
    told: ['fe1, event 12290 service.stack-failed: The SIP stack failed to initialize'],
  })
})

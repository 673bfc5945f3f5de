import t from 'tap'
import { RefusalCounts, recordField, recordRefusal } from '../../src/node/refusal-events.ts'
import { type Facts, judge } from '../../src/roles/law/law.ts'
import { federateIn } from '../../src/roles/policies/federate-in.ts'
import type { Recorder } from '../../src/node/recorder.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'
import { arrival, requestText, testFlow } from '../support/arrival.ts'

const who = { byName: (name: string) => name, byAddress: () => 'partner-edge' }

async function told(
  ...domains: readonly string[]
): Promise<readonly { readonly event: string; readonly fields: unknown }[]> {
  const events: { event: string; fields: unknown }[] = []
  const recorder: Pick<Recorder, 'record'> = { record: (event, fields) => void events.push({ event, fields }) }
  const flow: Flow = testFlow({ peer: 'client' })
  const policy = federateIn({
    federation: { relationTo: () => ({ kind: 'closed' }) },
    domains: ['lab.test'],
    self: 'sip.lab.test',
    ports: new Set([5061]),
    isOurs: (host) => host === 'lab.test',
  })
  for (const domain of domains) {
    const arrived = arrival(requestText({ method: 'MESSAGE', uri: 'sip:alice@lab.test', from: `sip:erin@${domain}` }), {
      flow,
    })
    const decision = await policy.decide(arrived)
    recordRefusal(recorder, { name: 'edge' }, who, arrived, decision.kind === 'refuse' ? decision.because : 'none')
  }
  return events
}

t.test('a refused partner is an event with a verdict and the connection both ends know', async (t) => {
  t.match(await told('partner.test'), [
    {
      event: 'partner.refused',
      fields: {
        connection: '192.0.2.7:40001>192.0.2.1:5061',
        verdict: { code: 'link.forbidden', link: 'partner-edge->edge', direction: 'incoming' },
        data: { domain: 'partner.test', diagnostics: 1005, serial: '01' },
      },
    },
  ])
})

t.test('it is told once for a connection and a domain', async (t) => {
  t.equal((await told('a.test', 'a.test', 'b.test', 'a.test')).length, 2)
})

t.test('who goes through many domains is told of twenty times', async (t) => {
  t.equal((await told(...Array.from({ length: 50 }, (_, at) => `d${at}.test`))).length, 20)
})

t.test('another refusal is none of it', async (t) => {
  t.equal((await told('lab.test')).length, 0)
})

t.test(
  'a Route that chose its own way is an event with the code of the original, once a source and as no view of it',
  async (t) => {
    const events: { event: string; fields: unknown }[] = []
    const flow = testFlow()
    for (const because of ['route.abuse', 'route.token-forged']) {
      const arrived = arrival(requestText({ method: 'MESSAGE', headers: ['Route: <sip:director.lab.test;lr>'] }), {
        flow,
      })
      recordRefusal(
        { record: (event, fields) => void events.push({ event, fields }) },
        { name: 'edge' },
        { ...who, byAddress: (address) => address },
        arrived,
        because,
      )
    }
    t.match(events, [
      {
        event: 'route.refused',
        fields: {
          connection: undefined,
          verdict: {
            code: 'route.abuse',
            link: '192.0.2.7->edge',
            windows: { hresult: '0xC3E93C5E' },
            found: 'MESSAGE from 192.0.2.7:40001 with Route: <sip:director.lab.test;lr>',
          },
        },
      },
    ])
    t.equal(events.length, 1)
  },
)

t.test('a request that the law refuses is an event whose verdict names the row, once a source and cause', async (t) => {
  const events: { event: string; fields: unknown }[] = []
  const facts: Facts = { border: 'home', peerOf: () => 'server', identityOf: () => 'none' }
  for (const address of ['192.0.2.51', '192.0.2.51', '192.0.2.52']) {
    const arrived = arrival(requestText(), { flow: testFlow({ peer: 'server', address }) })
    const refusal = judge(arrived, facts, 'registrar')
    recordRefusal(
      { record: (event, fields) => void events.push({ event, fields }) },
      { name: 'fe1' },
      who,
      arrived,
      refusal?.because ?? 'none',
    )
  }
  t.equal(events.length, 2)
  t.match(events[0], {
    event: 'request.forbidden',
    fields: {
      verdict: {
        code: 'law.refused',
        found: /^REGISTER sip:lab.test from 192.0.2.51:40001, row "registration without identity"/,
      },
      data: { row: 'registration without identity', because: 'law.anonymous-register' },
    },
  })
})

t.test(
  'every refusal at a border is counted by its row or its cause, also when its source was told of before',
  async (t) => {
    const counts = new RefusalCounts()
    const nobody: Facts = { border: 'home', peerOf: () => 'server', identityOf: () => 'none' }
    for (const [because, target] of [
      [undefined, 'registrar'],
      [undefined, 'registrar'],
      [undefined, 'elsewhere'],
      ['remote.foreign-domain', undefined],
      ['route.abuse', undefined],
      ['federation.blocked', undefined],
      ['register.contact-server', undefined],
      ['user.unknown', undefined],
    ] as const) {
      const arrived = arrival(requestText({ method: target === 'elsewhere' ? 'MESSAGE' : 'REGISTER' }), {
        flow: testFlow({ peer: 'server' }),
      })
      counts.count(arrived, because ?? judge(arrived, nobody, target)?.because ?? 'allowed')
    }
    t.same(counts.all, {
      'registration without identity': 2,
      none: 1,
      'remote user inward': 1,
      'route.abuse': 1,
      'federation.blocked': 1,
      'register.contact-server': 1,
    })
  },
)

t.test('the table of sources has a bound', async (t) => {
  const told = (address: string): number => {
    let events = 0
    const arrived = arrival(requestText(), { flow: testFlow({ address }) })
    recordRefusal({ record: () => void events++ }, { name: 'fe9' }, who, arrived, 'remote.foreign-domain')
    return events
  }
  const addresses = Array.from({ length: 3000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`)
  t.ok(addresses.every((address) => told(address) === 1))
  t.same([told('10.0.11.1'), told('10.0.0.1')], [0, 1], 'the oldest is told of anew')
})

t.test('a malformed message is an event with field and place, once a fault and twenty times a source', async (t) => {
  const events: { event: string; fields: unknown }[] = []
  const recorder: Pick<Recorder, 'record'> = { record: (event, fields) => void events.push({ event, fields }) }
  const tell = (address: string, found: string): void =>
    recordField(recorder, { name: 'se' }, { address, port: 5062 }, found)
  tell('192.0.2.70', 'to-syntax: wanted a port from 1 to 65535, found "65536" at 188')
  tell('192.0.2.70', 'to-syntax: wanted a port from 1 to 65535, found "65536" at 188')
  t.match(events, [{ event: 'request.malformed', fields: { message: /192\.0\.2\.70:5062: to-syntax: .*at 188/ } }])
  t.equal(events.length, 1)
  for (let at = 0; at < 200; at += 1) tell('192.0.2.71', `to-syntax: found "${at}"`)
  t.equal(events.length, 21)
})

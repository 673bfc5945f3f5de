import t from 'tap'
import { Incoming } from '../../../src/sip/routing/arrival.ts'
import { foreignDomain } from '../../../src/sip/routing/policies/foreign-domain.ts'
import { optionTags } from '../../../src/sip/routing/policies/option-tags.ts'
import { ownDomain } from '../../../src/sip/routing/policies/own-domain.ts'
import { pass } from '../../../src/sip/routing/decision.ts'
import { type StaticRoute, staticRoutes } from '../../../src/sip/routing/policies/static-routes.ts'
import { systemClock } from '../../../src/sip/clock.ts'
import { FakeFlow } from '../../support/fake-transport.ts'
import { request, type RequestChange } from '../../support/sip-messages.ts'

const arrival = (change: RequestChange): Incoming => new Incoming(request(change), new FakeFlow(), systemClock)

t.test('static-routes', async (t) => {
  const to = (match: string, change: Partial<StaticRoute> = {}): StaticRoute => ({
    match,
    nextHop: `sip:${match.length}.gw.test`,
    ...change,
  })

  for (const [uri, match, fits] of [
    ['sip:bob@lab.test', '*@lab.test', true],
    ['sip:bob@LAB.test', '*@lab.test', true],
    ['sip:bob@sub.lab.test', '*@lab.test', false],
    ['sip:bob@sub.lab.test', '*@*.lab.test', true],
    ['sip:bob@lab.test', '*@*.lab.test', false],
    ['sip:bob@lab.test', 'bob@lab.test', true],
    ['sip:carol@lab.test', 'bob@lab.test', false],
    ['sip:anything@anywhere.test', '*', true],
    ['tel:+49-30-123', '+4930*', true],
    ['sip:+49(30)123@lab.test;user=phone', '+4930*', true],
    ['sip:+4930123@lab.test', '+4930*', false],
    ['tel:+4930123;phone-context=x', '+4930123', true],
    ['tel:+1201555', '+4930*', false],
    ['tel:+49-30-123', 'tel:+4930*', true],
    ['sip:0301@lab.test;user=phone', 'tel:*', true],
    ['sip:bob@lab.test', 'tel:*', false],
  ] as const) {
    t.test(`${match} ${fits ? 'fits' : 'does not fit'} ${uri}`, async (t) => {
      t.equal(
        staticRoutes([to(match)]).decide(arrival({ uri })) instanceof Promise
          ? ''
          : JSON.stringify(staticRoutes([to(match)]).decide(arrival({ uri }))).includes('"route"'),
        fits,
      )
    })
  }

  t.test('takes the longest pattern that fits', async (t) => {
    const policy = staticRoutes([to('*'), to('*@lab.test'), to('bob@lab.test')])
    t.match(policy.decide(arrival({ uri: 'sip:bob@lab.test' })), {
      kind: 'route',
      targets: [{ nextHop: 'sip:12.gw.test' }],
    })
  })

  t.test('replaces the host when it is told to', async (t) => {
    const policy = staticRoutes([to('*', { replaceHost: 'gw.test' })])
    t.match(policy.decide(arrival({ uri: 'sip:+49@lab.test;user=phone' })), {
      targets: [{ uri: 'sip:+49@gw.test;user=phone' }],
    })
  })

  t.test('the dial plan comes before the choice of a route', async (t) => {
    const normalise = [{ pattern: /^4(\d{3})$/, replacement: '+49301$1' }]
    const policy = staticRoutes([to('tel:+4930*'), to('tel:+44*')], { normalise })
    t.match(policy.decide(arrival({ uri: 'sip:4711@lab.test;user=phone' })), {
      because: 'static-route tel:+4930*',
      targets: [{ uri: 'sip:+49301711@lab.test;user=phone' }],
    })
    t.match(policy.decide(arrival({ uri: 'tel:+44201' })), { targets: [{ uri: 'tel:+44201' }] })
    t.equal(policy.decide(arrival({ uri: 'sip:4711@lab.test' })), pass, 'a user of that name is no number')
  })

  t.test('a number that the caller may not call is refused, where a route would take it', async (t) => {
    const mayCall = (caller: string | undefined, number: string): boolean =>
      caller === 'sip:a@lab.test' || number === '+491'
    const policy = staticRoutes([to('tel:+49*')], { normalise: [], mayCall })
    t.match(policy.decide(arrival({ uri: 'tel:+492' })), { status: 403, because: 'route.number-not-allowed' })
    t.match(policy.decide(arrival({ uri: 'tel:+491' })), { kind: 'route' })
    t.equal(policy.decide(arrival({ uri: 'tel:+44' })), pass)
  })

  t.test(
    'a number is one for the policy of the caller however it is written, and whatever route takes it',
    async (t) => {
      const mayCall = (_: string | undefined, number: string): boolean => number === '+491'
      const policy = staticRoutes([to('*'), to('*@gw.test')], { normalise: [], mayCall })
      const ask = (uri: string): unknown => policy.decide(arrival({ uri }))
      for (const uri of [
        'tel:+4-92',
        'sip:+492@gw.test',
        'sip:+492:+491@gw.test;user=phone',
        'sip:%2B49%32@gw.test',
        'sip:+492@lab.test;user=phone',
        'sip:+4-92;x=y@gw.test',
      ])
        t.match(ask(uri), { status: 403, because: 'route.number-not-allowed' }, uri)
      for (const uri of ['tel:+49-1', 'sip:%2B491@gw.test', 'sip:bob@gw.test', 'sip:gw.test'])
        t.match(ask(uri), { kind: 'route' }, uri)
    },
  )

  const national = to('tel:*', {
    normalise: [
      { pattern: /^00([1-9]\d+)$/, replacement: '+$1' },
      { pattern: /^0([1-9]\d+)$/, replacement: '+49$1' },
    ],
  })

  for (const [uri, becomes] of [
    ['tel:030-123(45)', 'tel:+493012345'],
    ['tel:0049.30.12345;phone-context=x', 'tel:+493012345'],
    ['sip:03012345@lab.test:5061;user=phone', 'sip:+493012345@lab.test:5061;user=phone'],
    ['sip:+12015550123@lab.test;user=phone', 'sip:+12015550123@lab.test;user=phone'],
    [`tel:0${'1'.repeat(60)}`, `tel:0${'1'.repeat(60)}`],
  ] as const) {
    t.test(`the first rule that fits makes ${becomes} of ${uri}`, async (t) => {
      t.match(staticRoutes([national]).decide(arrival({ uri })), { targets: [{ uri: becomes }] })
    })
  }
})

t.test('own-domain hands our domains to one next hop and passes others', async (t) => {
  const policy = ownDomain({ domains: ['lab.test'], nextHop: 'sip:director.lab.test;transport=tls', face: 'internal' })
  t.match(
    [policy.decide(arrival({ uri: 'sip:bob@lab.test' })), policy.decide(arrival({ uri: 'sip:bob@other.test' }))],
    [
      { kind: 'route', targets: [{ nextHop: 'sip:director.lab.test;transport=tls', face: 'internal' }] },
      { kind: 'pass' },
    ],
  )
})

t.test('foreign-domain lets other domains lead themselves and passes ours', async (t) => {
  const policy = foreignDomain({ domains: ['lab.test'] })
  t.match(
    [policy.decide(arrival({ uri: 'sip:bob@lab.test' })), policy.decide(arrival({ uri: 'sip:bob@other.test' }))],
    [{ kind: 'pass' }, { kind: 'route', targets: [{ uri: 'sip:bob@other.test' }] }],
  )
})

t.test('option-tags refuses what is not known with 420, for its methods only', async (t) => {
  const policy = optionTags({ known: ['path'], methods: ['REGISTER'] })
  const headers = [['Require', 'path, gruu']] as const
  t.match(
    [policy.decide(arrival({ method: 'REGISTER', headers })), policy.decide(arrival({ method: 'INVITE', headers }))],
    [{ kind: 'refuse', status: 420, headers: [['Unsupported', 'gruu']] }, { kind: 'pass' }],
  )
})

import t from 'tap'
import { homePool } from '../../../src/roles/policies/home-pool.ts'
import { type Decision, refuse } from '../../../src/sip/routing/decision.ts'
import { arrival, type RequestParts, requestText, testFlow } from '../../support/arrival.ts'

const accounts = new Map([
  ['sip:alice@lab.test', { homePool: 'pool.lab.test', remote: true, enabled: true }],
  ['sip:carol@lab.test', { homePool: 'pool.lab.test', remote: false, enabled: true }],
])

interface Question extends RequestParts {
  readonly remote?: boolean
  readonly secure?: boolean
}

async function ask(
  parts: Question,
  options: {
    readonly ownHome?: string
    readonly redirectInside?: boolean
    readonly isForbidden?: boolean
    readonly between?: 'tls' | 'tcp'
  } = {},
): Promise<Decision> {
  const policy = homePool({
    directory: { account: (aor) => accounts.get(aor) },
    self: 'fe1.lab.test',
    domains: ['lab.test'],
    ownHome: options.ownHome,
    securePort: 5061,
    plainPort: 5060,
    between: options.between ?? 'tls',
    redirectInside: options.redirectInside ?? true,
    forbids: () => (options.isForbidden === true ? refuse(403, 'law.anonymous-register') : undefined),
  })
  const incoming = arrival(requestText(parts), {
    flow: testFlow({ transport: parts.secure === false ? 'tcp' : 'tls' }),
  })
  incoming.remarks.remote = parts.remote ?? false
  return policy.decide(incoming)
}

t.test('home-pool redirects the REGISTER of an inside user with 301', async (t) => {
  t.match(await ask({}), {
    kind: 'answer',
    status: 301,
    headers: [['Contact', '<sip:pool.lab.test:5061;transport=tls>']],
  })
})

t.test('home-pool redirects no REGISTER that the law forbids', async (t) => {
  t.match(await ask({}, { isForbidden: true }), { kind: 'refuse', because: 'law.anonymous-register' })
})

t.test('home-pool takes no REGISTER whose Request-URI names another domain', async (t) => {
  t.match(await ask({ uri: 'sip:third.test' }), { kind: 'pass' })
})

t.test('home-pool redirects over TCP whoever came over TCP', async (t) => {
  t.match(await ask({ secure: false }), {
    kind: 'answer',
    headers: [['Contact', '<sip:pool.lab.test:5060;transport=tcp>']],
  })
})

t.test('home-pool passes the REGISTER of a remote user on to the pool', async (t) => {
  t.match(await ask({ remote: true }), {
    kind: 'route',
    targets: [{ nextHop: 'sip:pool.lab.test:5061;transport=tls' }],
  })
})

t.test('home-pool goes on over TLS whatever the request came by, unless there are no certificates', async (t) => {
  const request = { method: 'INVITE', uri: 'sip:alice@lab.test', secure: false }
  t.match(await ask(request), { kind: 'route', targets: [{ nextHop: 'sip:pool.lab.test:5061;transport=tls' }] })
  t.match(await ask(request, { between: 'tcp' }), {
    kind: 'route',
    targets: [{ nextHop: 'sip:pool.lab.test:5060;transport=tcp' }],
  })
})

t.test('home-pool refuses a remote user who is not enabled for it', async (t) => {
  t.match(await ask({ from: 'sip:carol@lab.test', remote: true }), {
    kind: 'refuse',
    status: 403,
    because: 'remote.user-not-enabled',
  })
})

t.test('home-pool answers 404 for a user nobody knows', async (t) => {
  t.match(await ask({ method: 'INVITE', uri: 'sip:nobody@lab.test' }), { kind: 'refuse', status: 404 })
})

t.test('home-pool leaves its own users to the registrar', async (t) => {
  t.match(await ask({}, { ownHome: 'pool.lab.test', redirectInside: false }), { kind: 'pass' })
})

t.test('home-pool leaves other domains to later policies', async (t) => {
  t.match(await ask({ method: 'INVITE', uri: 'sip:erin@partner.test' }), { kind: 'pass' })
})

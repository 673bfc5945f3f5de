import t from 'tap'
import { federateIn, isProbe, partnerOf, refusedPartnerOf } from '../../src/roles/policies/federate-in.ts'
import { federateOut } from '../../src/roles/policies/federate-out.ts'
import { outsideFacts } from '../../src/roles/law/facts.ts'
import { remoteUser } from '../../src/roles/policies/remote-user.ts'
import { federation, isDirectlyIn } from '../../src/roles/federation.ts'
import { needsToken } from '../../src/sip/routing/flow-token.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'
import type { Resolver, SrvRecord } from '../../src/sip/transport/dial/resolver.ts'
import type { FederationSettings } from '../../src/topology/hosts.ts'
import { ownHosts } from '../../src/roles/server-places.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { AccessProxySettings, NodePlan } from '../../src/topology/plan-types.ts'
import { arrival, requestText, testFlow } from '../support/arrival.ts'

const { plan, settings: ofEdge } = edgeOf('edge')
const isOurs = ownHosts(plan, {
  ...ofEdge,
  internalServers: ['Edge.lab.test', 'fe1.lab.test', '192.0.2.9', '2001:db8:0::9'],
})

function edgeOf(topology: string): { readonly plan: NodePlan; readonly settings: AccessProxySettings } {
  const plan = nodePlan(planLab(loadTopology(topology)), 'edge')
  if (plan.settings.kind !== 'access-proxy') throw new TypeError(plan.name)
  return { plan, settings: plan.settings }
}

const closed: FederationSettings = {
  enabled: true,
  markSourceVerifiable: true,
  automatic: false,
  partners: [],
  providers: [],
  allowedDomains: [],
  blockedDomains: [],
}
const random = (): number => 0
const partner = { domain: 'partner.test', edge: 'sip.partner.test', verification: 'UseSourceVerification' } as const

function resolver(srv: Readonly<Record<string, readonly SrvRecord[]>> = {}): Resolver {
  return { naptr: async () => [], a: async () => [], aaaa: async () => [], srv: async (name) => srv[name] ?? [] }
}

const srvTo = (...targets: readonly (string | SrvRecord)[]): Resolver =>
  resolver({
    '_sipfederationtls._tcp.partner.test': targets.map((target) =>
      typeof target === 'string' ? { priority: 0, weight: 0, port: 5061, target } : target,
    ),
  })
const record = (target: string, priority: number, weight = 0): SrvRecord => ({ priority, weight, port: 5061, target })

const outbound = (settings: FederationSettings, dns: Resolver = resolver(), uri = 'sip:erin@partner.test') =>
  federateOut({ federation: federation(settings, dns, random), isOurs, self: 'edge.lab.test' }).decide(
    arrival(requestText({ method: 'INVITE', uri })),
  )

/** A peer whose certificate carries these names; `edge` where it stands in the partner table. */
function peer(names: readonly string[], listed: boolean): Flow {
  const flow = testFlow({ peer: listed ? 'edge' : 'client' })
  return {
    ...flow,
    peer: { class: listed ? 'edge' : 'client', names, subject: '', serial: '01', fingerprint: '', notAfter: 0 },
  }
}

const inbound = (
  settings: FederationSettings,
  flow: Flow,
  parts: Parameters<typeof requestText>[0],
  dns: Resolver = resolver(),
) => admission(settings, dns).decide(inboundArrival(flow, parts))

const admission = (settings: FederationSettings, dns: Resolver = resolver()) =>
  federateIn({
    federation: federation(settings, dns, random),
    domains: ['lab.test'],
    self: 'sip.lab.test',
    ports: new Set([5061, 443]),
    isOurs,
  })

const inboundArrival = (flow: Flow, parts: Parameters<typeof requestText>[0]) =>
  arrival(requestText({ method: 'MESSAGE', uri: 'sip:alice@lab.test', from: 'sip:erin@partner.test', ...parts }), {
    flow,
  })

t.test('federation is closed by default: 504 with 1005', async (t) => {
  t.match(await outbound(closed), {
    kind: 'refuse',
    status: 504,
    headers: [['ms-diagnostics', /^1005;.*domain="partner\.test"/]],
  })
})

t.test('a direct partner is reached by its configured edge', async (t) => {
  t.match(await outbound({ ...closed, partners: [partner] }), {
    kind: 'route',
    targets: [{ nextHop: 'sip:sip.partner.test:5061;transport=tls', face: 'external' }],
  })
})

t.test('an IM provider is used only while it is enabled', async (t) => {
  const provider: FederationSettings['providers'][number] = {
    name: 'im',
    edge: 'edge.im.test',
    domains: ['partner.test'],
    enabled: false,
    public: true,
    verification: 'UseSourceVerification',
  }
  t.match(
    [
      await outbound({ ...closed, providers: [provider] }),
      await outbound({ ...closed, providers: [{ ...provider, enabled: true }] }),
    ],
    [{ kind: 'refuse' }, { kind: 'route', targets: [{ nextHop: 'sip:edge.im.test:5061;transport=tls' }] }],
  )
})

t.test('a blocked domain is refused although it is a partner', async (t) => {
  t.match(await outbound({ ...closed, partners: [partner], blockedDomains: ['partner.test'] }), {
    kind: 'refuse',
    status: 403,
    because: 'federation.blocked',
  })
})

t.test('enhanced federation goes by the SRV record', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }, srvTo('sip.partner.test')), {
    kind: 'route',
    targets: [{ nextHop: 'sip:sip.partner.test:5061;transport=tls' }],
  })
})

t.test('enhanced federation without a record is 504 with 1008', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }), {
    kind: 'refuse',
    status: 504,
    headers: [['ms-diagnostics', /^1008;/]],
  })
})

t.test('an SRV target outside the domain is 504 with 1009 and the target', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }, srvTo('sip.sub.partner.test')), {
    kind: 'refuse',
    status: 504,
    headers: [['ms-diagnostics', /^1009;.*fqdn1="sip\.sub\.partner\.test"/]],
  })
})

t.test('several SRV targets are tried by priority, the later ones where the first is out', async (t) => {
  t.match(
    await outbound(
      { ...closed, automatic: true },
      srvTo(record('second.partner.test', 20), record('first.partner.test', 10), record('third.partner.test', 30)),
    ),
    {
      targets: [
        {
          nextHop: 'sip:first.partner.test:5061;transport=tls',
          otherHops: ['sip:second.partner.test:5061;transport=tls', 'sip:third.partner.test:5061;transport=tls'],
        },
      ],
    },
  )
})

t.test('among SRV targets of equal priority the weight decides, at random (RFC 2782)', async (t) => {
  const records = [record('light.partner.test', 10, 1), record('heavy.partner.test', 10, 9)]
  const first = async (drawn: number): Promise<string> => {
    const relation = await federation({ ...closed, automatic: true }, srvTo(...records), () => drawn).relationTo(
      'partner.test',
    )
    return relation.kind === 'federated' ? relation.edges[0].host : relation.kind
  }
  t.same(
    [await first(0), await first(0.15), await first(0.5), await first(0.99)],
    ['light.partner.test', 'light.partner.test', 'heavy.partner.test', 'heavy.partner.test'],
  )
})

t.test('of several SRV targets those outside the domain are passed over', async (t) => {
  const decision = await outbound(
    { ...closed, automatic: true },
    srvTo(record('sip.elsewhere.test', 1), record('sip.partner.test', 2)),
  )
  t.match(decision, { targets: [{ nextHop: 'sip:sip.partner.test:5061;transport=tls' }] })
  t.equal(decision.kind === 'route' ? decision.targets[0]?.otherHops : 'no route', undefined)
})

t.test('the list of allowed domains limits enhanced federation', async (t) => {
  t.match(await outbound({ ...closed, automatic: true, allowedDomains: ['other.test'] }, srvTo('sip.partner.test')), {
    kind: 'refuse',
    status: 504,
  })
})

t.test('only a host directly in the domain is a good target', async (t) => {
  t.same(
    ['sip.partner.test', 'a.b.partner.test', 'partner.test', 'sip.partner.test.evil.test', 'SIP.Partner.Test.'].map(
      (host) => isDirectlyIn(host, 'partner.test'),
    ),
    [true, false, false, false, true],
  )
})

t.test('a direct partner that shows its certificate is let in', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), {}), { kind: 'pass' })
})

t.test('a partner cannot speak for a third domain', async (t) => {
  t.match(
    await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), {
      from: 'sip:mallory@third.test',
    }),
    { kind: 'refuse', status: 403, because: 'federation.closed' },
  )
})

t.test('a partner cannot speak as one of our users', async (t) => {
  t.match(
    await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), { from: 'sip:alice@lab.test' }),
    { kind: 'refuse', because: 'federation.own-domain-claimed' },
  )
})

t.test('another certificate does not make a partner', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.third.test'], false), {}), {
    kind: 'refuse',
    because: 'federation.wrong-edge',
  })
})

t.test('a partner cannot use us as a relay', async (t) => {
  t.match(
    await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), {
      uri: 'sip:someone@third.test',
    }),
    { kind: 'refuse', because: 'federation.no-relay' },
  )
})

t.test('enhanced federation lets in whom the SRV record of its own domain names', async (t) => {
  t.match(
    await inbound({ ...closed, automatic: true }, peer(['sip.partner.test'], false), {}, srvTo('sip.partner.test')),
    { kind: 'pass' },
  )
})

t.test('an edge found by DNS is known as a server that can be dialled anew, a refused one is not', async (t) => {
  const [good, bad] = [peer(['sip.partner.test'], false), peer(['sip.third.test'], false)]
  for (const flow of [good, bad]) await inbound({ ...closed, automatic: true }, flow, {}, srvTo('sip.partner.test'))
  t.same([good, bad].map(needsToken), [false, true])
})

t.test('enhanced federation lets in every edge of the domain, the one with the higher number too', async (t) => {
  t.match(
    await inbound(
      { ...closed, automatic: true },
      peer(['two.partner.test'], false),
      {},
      srvTo(record('one.partner.test', 10), record('two.partner.test', 20)),
    ),
    { kind: 'pass' },
  )
})

const refusedInbound: readonly (readonly [
  name: string,
  settings: FederationSettings,
  dns: Resolver,
  wanted: { readonly code: string; readonly diagnostics: number; readonly found?: string },
])[] = [
  [
    'another edge than the SRV record names',
    { ...closed, automatic: true },
    srvTo('sip.partner.test'),
    {
      code: 'cert.name-not-allowed',
      diagnostics: 1010,
      found: 'the certificate carries sip.third.test; sip.partner.test speaks for partner.test',
    },
  ],
  [
    'an edge of a domain without an SRV record',
    { ...closed, automatic: true },
    resolver(),
    { code: 'dns.not-found', diagnostics: 1008 },
  ],
  [
    'an edge of a domain whose SRV record leads elsewhere',
    { ...closed, automatic: true },
    srvTo('sip.elsewhere.test'),
    { code: 'dns.srv-outside-domain', diagnostics: 1009 },
  ],
  [
    'another edge than the default route',
    { ...closed, defaultRoute: 'hub.clearing.test' },
    resolver(),
    { code: 'cert.name-not-allowed', diagnostics: 1010 },
  ],
  [
    'an edge of a blocked domain',
    { ...closed, automatic: true, blockedDomains: ['partner.test'] },
    resolver(),
    { code: 'link.forbidden', diagnostics: 1002 },
  ],
  [
    'an edge of a domain that is not allowed',
    { ...closed, automatic: true, allowedDomains: ['other.test'] },
    resolver(),
    { code: 'link.forbidden', diagnostics: 1005 },
  ],
]
for (const [name, settings, dns, wanted] of refusedInbound) {
  t.test(`${name} gets a bare 403, and here it is ${wanted.code}`, async (t) => {
    const arrived = arrival(
      requestText({ method: 'MESSAGE', uri: 'sip:alice@lab.test', from: 'sip:erin@partner.test' }),
      { flow: peer(['sip.third.test'], false) },
    )
    const decision = await admission(settings, dns).decide(arrived)
    t.match(decision, { kind: 'refuse', status: 403, headers: [] })
    t.match(refusedPartnerOf(arrived), { domain: 'partner.test', ...wanted })
  })
}

const clearingHouse: FederationSettings = {
  ...closed,
  blockedDomains: ['evil.test'],
  defaultRoute: 'ch.clearing.test',
}

for (const host of ['evil.test', 'evil.test.', 'evil.test..', 'EVIL.Test.', 'Evil.test.:5061'])
  t.test(`a blocked domain written ${host} is blocked in both directions`, async (t) => {
    const blocked = { kind: 'refuse', status: 403, because: 'federation.blocked' }
    const flow = peer(['ch.clearing.test'], true)
    t.match(await inbound(clearingHouse, flow, { from: `sip:x@${host}` }), blocked)
    t.match(await outbound(clearingHouse, resolver(), `sip:x@${host}`), blocked)
  })

for (const host of [
  'lab.test',
  'lab.test.',
  'LAB.test..',
  'sip.lab.test',
  'edge.lab.test.',
  'FE1.lab.test',
  'fe1.lab.test:5061',
  '192.0.2.9',
  '192.0.2.9.',
  '192.521',
  '0xc0000209',
  '[::ffff:192.0.2.9]',
  '[::ffff:c000:209]',
  '[2001:db8::9]',
  '[2001:0DB8:0:0:0:0:0:9]',
  // Inside, and on no list of the edge:
  'pool.lab.test',
  'director.lab.test',
  'pki.lab.test',
  '127.0.41.11',
  '2130716939',
  '[::ffff:127.0.41.11]',
  '127.0.0.1',
  '[::1]',
])
  t.test(`another organisation may not speak for ${host}`, async (t) => {
    const from = { from: `sip:ceo@${host}` }
    t.match(await inbound(clearingHouse, peer(['ch.clearing.test'], true), from), {
      kind: 'refuse',
      status: 403,
      because: 'federation.own-domain-claimed',
    })
    const arrived = inboundArrival(peer(['ch.clearing.test'], false), from)
    t.match(await admission(clearingHouse).decide(arrived), { kind: 'pass' })
    t.equal(partnerOf(arrived), undefined, 'nor is a peer on no list a partner')
  })

t.test('no server of ours is looked for at another organisation', async (t) => {
  for (const host of ['pool.lab.test', 'sip.lab.test', '127.0.41.11', '127.10507'])
    t.match(await outbound(clearingHouse, resolver(), `sip:x@${host}`), { kind: 'pass' }, host)
})

t.test('an edge speaks for no telephone number', async (t) => {
  t.match(await inbound(clearingHouse, peer(['ch.clearing.test'], true), { from: 'tel:+49301' }), {
    kind: 'refuse',
    status: 403,
    because: 'federation.closed',
  })
})

t.test('a foreign domain with the dot of the root comes in as that domain', async (t) => {
  const arrived = inboundArrival(peer(['ch.clearing.test'], true), { from: 'sip:x@Other.test.' })
  t.match(await admission(clearingHouse).decide(arrived), { kind: 'pass' })
  t.equal(arrived.remarks.organisation, 'other.test')
  t.equal(arrived.remarks.claimed, 'sip:x@other.test')
})

const options = { method: 'OPTIONS', from: 'sip:x@evil.test' }

for (const uri of ['sip:sip.lab.test', 'sip:bob@SIP.lab.test.:5061', 'sip:sip.lab.test:443;transport=tls'])
  t.test(`OPTIONS ${uri} asks this host, and makes no partner`, async (t) => {
    const arrived = inboundArrival(peer(['host.any.test'], false), { ...options, uri })
    t.match(await admission(clearingHouse).decide(arrived), { kind: 'pass' })
    t.equal(isProbe(arrived), true)
    t.equal(outsideFacts.peerOf(arrived), 'client')
    t.equal(outsideFacts.identityOf(arrived), 'none')
    t.match(remoteUser({ allowOutsideUsers: false, domains: ['lab.test'] }).decide(arrived), { kind: 'pass' })
  })

for (const uri of ['sip:bob@sip.lab.test:9999', 'sip:sip.lab.test.:9999', 'sip:bob@lab.test', 'sip:x.sip.lab.test'])
  t.test(`OPTIONS ${uri} is judged as any request`, async (t) => {
    const arrived = inboundArrival(peer(['host.any.test'], false), { ...options, uri })
    t.match(await admission(clearingHouse).decide(arrived), { kind: 'refuse', because: 'federation.blocked' })
    t.equal(isProbe(arrived), false)
  })

t.test('a remote user without a certificate is none of federation’s business', async (t) => {
  t.match(await inbound(closed, testFlow(), { from: 'sip:alice@lab.test' }), { kind: 'pass' })
})

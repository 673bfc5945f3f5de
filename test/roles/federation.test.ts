import t from 'tap'
import { federateIn } from '../../src/roles/policies/federate-in.ts'
import { federateOut } from '../../src/roles/policies/federate-out.ts'
import { federation, isDirectlyIn } from '../../src/roles/federation.ts'
import type { Flow } from '../../src/sip/transport/flow.ts'
import type { Resolver, SrvRecord } from '../../src/sip/transport/resolver.ts'
import type { FederationSettings } from '../../src/topology/hosts.ts'
import { arrival, requestText, testFlow } from '../support/arrival.ts'

const closed: FederationSettings = { enabled: true, markSourceVerifiable: true, automatic: false, partners: [], providers: [], allowedDomains: [], blockedDomains: [] }
const partner = { domain: 'partner.test', edge: 'sip.partner.test', verification: 'UseSourceVerification' } as const

function resolver(srv: Readonly<Record<string, readonly SrvRecord[]>> = {}): Resolver {
  return { naptr: async () => [], a: async () => [], aaaa: async () => [], srv: async (name) => srv[name] ?? [] }
}

const srvTo = (target: string): Resolver => resolver({ '_sipfederationtls._tcp.partner.test': [{ priority: 0, weight: 0, port: 5061, target }] })

const outbound = (settings: FederationSettings, dns: Resolver = resolver()) =>
  federateOut({ federation: federation(settings, dns), domains: ['lab.test'], self: 'edge.lab.test' }).decide(arrival(requestText({ method: 'INVITE', uri: 'sip:erin@partner.test' })))

/** A peer whose certificate carries these names; `edge` where it stands in the partner table. */
function peer(names: readonly string[], listed: boolean): Flow {
  const flow = testFlow({ peer: listed ? 'edge' : 'client' })
  return { ...flow, peer: { class: listed ? 'edge' : 'client', names, subject: '', serial: '01', fingerprint: '', notAfter: 0 } }
}

const inbound = (settings: FederationSettings, flow: Flow, parts: Parameters<typeof requestText>[0], dns: Resolver = resolver()) =>
  federateIn({ federation: federation(settings, dns), domains: ['lab.test'], self: 'sip.lab.test' }).decide(arrival(requestText({ method: 'MESSAGE', uri: 'sip:alice@lab.test', from: 'sip:erin@partner.test', ...parts }), { flow }))

t.test('federation is closed by default: 504 with 1005', async (t) => {
  t.match(await outbound(closed), { kind: 'refuse', status: 504, headers: [['ms-diagnostics', /^1005;.*domain="partner\.test"/]] })
})

t.test('a direct partner is reached by its configured edge', async (t) => {
  t.match(await outbound({ ...closed, partners: [partner] }), { kind: 'route', targets: [{ nextHop: 'sip:sip.partner.test:5061;transport=tls', face: 'external' }] })
})

t.test('an IM provider is used only while it is enabled', async (t) => {
  const provider: FederationSettings['providers'][number] = { name: 'im', edge: 'edge.im.test', domains: ['partner.test'], enabled: false, public: true, verification: 'UseSourceVerification' }
  t.match([await outbound({ ...closed, providers: [provider] }), await outbound({ ...closed, providers: [{ ...provider, enabled: true }] })], [{ kind: 'refuse' }, { kind: 'route', targets: [{ nextHop: 'sip:edge.im.test:5061;transport=tls' }] }])
})

t.test('a blocked domain is refused although it is a partner', async (t) => {
  t.match(await outbound({ ...closed, partners: [partner], blockedDomains: ['partner.test'] }), { kind: 'refuse', status: 403, because: 'federation.blocked' })
})

t.test('enhanced federation goes by the SRV record', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }, srvTo('sip.partner.test')), { kind: 'route', targets: [{ nextHop: 'sip:sip.partner.test:5061;transport=tls' }] })
})

t.test('enhanced federation without a record is 504 with 1008', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }), { kind: 'refuse', status: 504, headers: [['ms-diagnostics', /^1008;/]] })
})

t.test('an SRV target outside the domain is 504 with 1009 and the target', async (t) => {
  t.match(await outbound({ ...closed, automatic: true }, srvTo('sip.sub.partner.test')), { kind: 'refuse', status: 504, headers: [['ms-diagnostics', /^1009;.*fqdn1="sip\.sub\.partner\.test"/]] })
})

t.test('the list of allowed domains limits enhanced federation', async (t) => {
  t.match(await outbound({ ...closed, automatic: true, allowedDomains: ['other.test'] }, srvTo('sip.partner.test')), { kind: 'refuse', status: 504 })
})

t.test('only a host directly in the domain is a good target', async (t) => {
  t.same(['sip.partner.test', 'a.b.partner.test', 'partner.test', 'sip.partner.test.evil.test', 'SIP.Partner.Test.'].map((host) => isDirectlyIn(host, 'partner.test')), [true, false, false, false, true])
})

t.test('a direct partner that shows its certificate is let in', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), {}), { kind: 'pass' })
})

t.test('a partner cannot speak for a third domain', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), { from: 'sip:mallory@third.test' }), { kind: 'refuse', status: 403, because: 'federation.closed' })
})

t.test('a partner cannot speak as one of our users', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), { from: 'sip:alice@lab.test' }), { kind: 'refuse', because: 'federation.own-domain-claimed' })
})

t.test('another certificate does not make a partner', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.third.test'], false), {}), { kind: 'refuse', because: 'federation.wrong-edge' })
})

t.test('a partner cannot use us as a relay', async (t) => {
  t.match(await inbound({ ...closed, partners: [partner] }, peer(['sip.partner.test'], true), { uri: 'sip:someone@third.test' }), { kind: 'refuse', because: 'federation.no-relay' })
})

t.test('enhanced federation lets in whom the SRV record of its own domain names', async (t) => {
  t.match(await inbound({ ...closed, automatic: true }, peer(['sip.partner.test'], false), {}, srvTo('sip.partner.test')), { kind: 'pass' })
})

t.test('a remote user without a certificate is none of federation’s business', async (t) => {
  t.match(await inbound(closed, testFlow(), { from: 'sip:alice@lab.test' }), { kind: 'pass' })
})

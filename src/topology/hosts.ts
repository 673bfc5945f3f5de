/**
 * The settings of each role, declared once. `mirrors` names the WMI class and property of LCS 2005 SP1 that said the
 * same.
 */
import { z } from 'zod'
import { peerNames } from '../peers/index.ts'
import { whenOwnCertificateEnds } from './profile.ts'
import { addressOffset, domainName, group, hostLabel, hostReference, port, setting, text } from './settings.ts'

const verificationLevel = z.enum(['AlwaysVerifiable', 'AlwaysUnverifiable', 'UseSourceVerification'])

const listener = group({
  transport: setting(z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']), {
    doc: 'Transport.',
    mirrors: 'MSFT_SIPListeningAddressData.TransportType',
  }),
  port: setting(port, { doc: 'Port.', mirrors: 'MSFT_SIPListeningAddressData.Port' }),
  face: setting(z.enum(['internal', 'external']).default('internal'), {
    doc: 'Face of an access proxy; every other host has only `internal`.',
  }),
  mutual: setting(z.enum(['required', 'requested', 'off']).optional(), {
    doc: 'Client certificates on TLS: `required`, `requested` or `off`. Absent: as the role has it.',
    mirrors: 'MSFT_SIPFederationExternalEdgeListeningPortData.AllowMutualAuthentication',
  }),
  refusals: setting(z.enum(['silent', 'explained']).optional(), {
    doc:
      'How a TLS peer is refused. `silent`, as real servers: the connection closes after the handshake; a missing ' +
      'certificate gets the alert of OpenSSL (40 under TLS 1.2, 116 under 1.3). `explained`, never on an external ' +
      'face: the first request of the peer is answered with 403 and the code. Node cannot send other alerts. ' +
      'Absent: `silent`.',
  }),
  enabled: setting(z.boolean().default(true), {
    doc: '`false` removes a listener of the role.',
    mirrors: 'MSFT_SIPListeningAddressData.Enabled',
  }),
})

const normalisation = group({
  pattern: setting(
    z.string().min(1).max(200).refine(isPattern, { error: 'a regular expression such as "^0([1-9][0-9]+)$"' }),
    {
      doc: 'A regular expression for the number. The characters `-`, `.`, `(`, `)` are removed from the number first.',
    },
  ),
  replacement: setting(z.string().min(1).max(60), {
    doc: 'The number after the rule. `$1` stands for the first group: `+49$1`.',
  }),
})

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== ''
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const staticRoute = group({
  match: setting(text, {
    doc: 'Request-URIs this route takes: `*@voice.test`, `tel:+44*`; the longest match wins.',
    mirrors: 'MSFT_SIPRoutingTableData.MatchURI',
  }),
  nextHop: setting(hostReference, { doc: 'Host to send to.', mirrors: 'MSFT_SIPRoutingTableData.NextHop' }),
  port: setting(port.optional(), {
    doc: 'Port to send to. Absent: that of a host of role `foreign`, else 5061.',
    mirrors: 'MSFT_SIPRoutingTableData.NextHopPort',
  }),
  transport: setting(z.enum(['tls', 'tcp', 'udp']).default('tls'), {
    doc: 'Transport to send over.',
    mirrors: 'MSFT_SIPRoutingTableData.NextHopTransport',
  }),
  replaceHost: setting(z.boolean().default(false), {
    doc: 'Put the next hop into the Request-URI.',
    mirrors: 'MSFT_SIPRoutingTableData.ReplaceHostInRequestURI',
  }),
  normalise: setting(z.array(normalisation).max(32).default([]), {
    doc: 'Rules for telephone numbers that take this route; the first that fits counts.',
  }),
  ownCertificate: setting(z.boolean().default(false), {
    doc: 'The route has a certificate of its own, reference `static-route:N`.',
    mirrors: 'MSFT_SIPRoutingTableData.TLSCertSN',
  }),
})

const voicePolicy = group({
  users: setting(z.array(text).min(1).max(1000), {
    doc: 'Login names this policy is for. `*` means every caller that no other policy names.',
  }),
  numbers: setting(z.array(z.string().regex(/^(?:\+?[0-9]*\*|\+?[0-9]+)$/)).max(256), {
    doc: 'Numbers after the dial plan: `+4930*` for all that begin so; `*` for all; empty for none.',
  }),
})

const authorizedHost = group({
  host: setting(hostReference, { doc: 'The host.', mirrors: 'MSFT_SIPRemoteAddressData' }),
  treatAs: setting(z.enum(['server', 'authenticated', 'throttle-as-server', 'outbound-only']), {
    doc: 'How its requests are taken.',
    mirrors: 'MSFT_SIPRemoteAddressData.TreatAsAuthenticated',
  }),
})

const everyHost = {
  address: setting(addressOffset.optional(), {
    doc: 'Last octet of its address. Absent: a fixed one by role, see docs/planning.md.',
  }),
  clock: setting(
    z
      .string()
      .regex(/^[+-][0-9]+[smhdwy]$/, { error: 'a shift such as "+31d" or "-2h"' })
      .optional(),
    {
      doc: 'Its clock is this far off from the start (needs `--movable-clock`).',
    },
  ),
}

const everyServer = {
  ...everyHost,
  listeners: setting(z.array(listener).max(16).default([]), {
    doc: 'Listeners beside those of the role; one with the same face, transport and port takes its place.',
    mirrors: 'MSFT_SIPListeningAddressData',
  }),
  whenOwnCertificateEnds: setting(whenOwnCertificateEnds.optional(), { doc: 'Absent: the value of the lab.' }),
}

const homeOwn = {
  maxContactsPerUser: setting(z.int().min(1).max(64).default(16), {
    doc: 'Bindings one user may have.',
    mirrors: 'MSFT_SIPESEmSetting.MaxContactsPerUser',
  }),
  maxSubscriptionsPerUser: setting(z.int().min(1).max(10_000).default(1000), {
    doc: 'Users whose presence one user may watch, all its endpoints together.',
    mirrors: 'MSFT_SIPESGlobalRegistrarSetting.MaxSubscriptionPerUser',
  }),
}

const everyHome = {
  ...everyServer,
  dialPlan: setting(z.array(normalisation).max(64).default([]), {
    doc: 'Rules for dialled numbers, applied before a route is chosen; the first that fits counts.',
  }),
  voicePolicies: setting(z.array(voicePolicy).max(64).default([]), {
    doc: 'Who may call which numbers. Absent: everyone may call every number that has a route.',
  }),
  staticRoutes: setting(z.array(staticRoute).max(64).default([]), {
    doc: 'Static routes, in order.',
    mirrors: 'MSFT_SIPRoutingTableData',
  }),
  authorizedHosts: setting(z.array(authorizedHost).max(64).default([]), {
    doc: 'Hosts that are not on the trusted list and yet need no challenge.',
    mirrors: 'MSFT_SIPRemoteAddressData',
  }),
  ...homeOwn,
}

const standardEdition = group({
  role: setting(z.literal('standard-edition'), { doc: 'One server: registrar, proxy, presence and its own store.' }),
  ...everyHome,
})

const frontEnd = group({
  role: setting(z.literal('front-end'), { doc: 'A front end of an Enterprise pool.' }),
  pool: setting(hostLabel.default('pool'), {
    doc: 'Label of the pool name it serves.',
    mirrors: 'MSFT_SIPESServerSetting.PoolDN',
  }),
  ...everyHome,
})

const directorOwn = {}

const director = group({
  role: setting(z.literal('director'), {
    doc: 'Authenticates, redirects inside users to their home pool, proxies remote ones, homes no one.',
  }),
  ...directorOwn,
  ...everyServer,
})

const loadBalancer = group({
  role: setting(z.literal('load-balancer'), {
    doc: 'Stands for the pool name and passes connections through; TLS ends on the front end.',
  }),
  ...everyHost,
})

const sqlOwn = {
  port: setting(port.default(5432), { doc: 'Port of the database.' }),
  tls: setting(z.enum(['off', 'on', 'verify']).default('off'), { doc: 'TLS from the front ends to the database.' }),
}

const sql = group({
  role: setting(z.literal('sql'), { doc: 'The SQL back end of the pools.' }),
  ...sqlOwn,
  ...everyHost,
})

const partner = group({
  domain: setting(domainName, {
    doc: 'SIP domain of the partner.',
    mirrors: 'MSFT_SIPFederationDirectPartnerTable.Domain',
  }),
  edge: setting(domainName, {
    doc: 'Name that the certificate of its edge must hold.',
    mirrors: 'MSFT_SIPFederationDirectPartnerTable.EdgeProxyAddress',
  }),
  verification: setting(verificationLevel.default('UseSourceVerification'), {
    doc: 'How far its user identities are believed.',
    mirrors: 'MSFT_SIPFederationDirectPartnerTable.UserVerificationLevel',
  }),
})

const provider = group({
  name: setting(text, {
    doc: 'Name of the IM provider.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable.NetworkProviderName',
  }),
  edge: setting(domainName, {
    doc: 'Name that the certificate of its edge must hold.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable.EdgeProxyAddress',
  }),
  domains: setting(z.array(domainName).max(256).default([]), { doc: 'Domains reached through it.' }),
  enabled: setting(z.boolean().default(false), {
    doc: 'In use.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable.Enabled',
  }),
  public: setting(z.boolean().default(true), {
    doc: 'A public network.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable.IsPublicNetworkProvider',
  }),
  verification: setting(verificationLevel.default('UseSourceVerification'), {
    doc: 'How far its user identities are believed.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable.UserVerificationLevel',
  }),
})

const edgeSetting = 'MSFT_SIPFederationExternalEdgeSetting'

const federation = group({
  enabled: setting(z.boolean().default(false), {
    doc: 'Whether the access proxy connects to other organisations.',
    mirrors: `${edgeSetting}.EnableFederation`,
  }),
  automatic: setting(z.boolean().default(false), {
    doc: 'Find partners by `_sipfederationtls._tcp` (enhanced federation).',
    mirrors: `${edgeSetting}.AllowAutomaticFederation`,
  }),
  partners: setting(z.array(partner).max(256).default([]), {
    doc: 'Direct partners.',
    mirrors: 'MSFT_SIPFederationDirectPartnerTable',
  }),
  providers: setting(z.array(provider).max(64).default([]), {
    doc: 'IM service providers.',
    mirrors: 'MSFT_SIPFederationNetworkProviderTable',
  }),
  allowedDomains: setting(z.array(domainName).max(1024).default([]), {
    doc: 'Domains allowed by automatic federation. Empty: all that are not blocked.',
    mirrors: 'MSFT_SIPFederationAutoFedAllowedDomainData',
  }),
  blockedDomains: setting(z.array(domainName).max(1024).default([]), {
    doc: 'Domains refused always.',
    mirrors: 'MSFT_SIPFederationDeniedDomainSetting',
  }),
  markSourceVerifiable: setting(z.boolean().default(true), {
    doc: 'Tell other organisations that the sender proved who it is.',
    mirrors: `${edgeSetting}.MarkSourceVerifiableOnOutgoingMessages`,
  }),
  defaultRoute: setting(hostReference.optional(), {
    doc: 'Where everything else goes.',
    mirrors: `${edgeSetting}.DefaultRoute`,
  }),
})

const accessProxyOwn = {
  allowOutsideUsers: setting(z.boolean().default(true), {
    doc: 'Let remote users in.',
    mirrors: `${edgeSetting}.AllowOutsideUsers`,
  }),
  allowClientsOnMtls: setting(z.boolean().default(false), {
    doc: 'Let peers without a certificate use the external 5061.',
    mirrors: 'MSFT_SIPFederationExternalEdgeListeningPortData.AllowClientsOnMTLSConnections',
  }),
  federation: setting(federation.prefault({}), { doc: 'Other organisations; closed by default.' }),
}

const accessProxy = group({
  role: setting(z.literal('access-proxy'), {
    doc: 'The outermost hop, with two faces. It authenticates servers by certificate, users never.',
  }),
  externalName: setting(hostLabel.default('sip'), {
    doc: 'Label of its external face, e.g. `sip` for `sip.lab.test`.',
  }),
  externalAddress: setting(addressOffset.optional(), { doc: 'Last octet of the external face. Absent: a fixed one.' }),
  nextHop: setting(hostReference, {
    doc: 'The server to which every request for the inside is sent: a host name, never an IP address.',
    mirrors: 'MSFT_SIPFederationInternalEdgeSetting.InternalNextHop',
  }),
  nextHopPort: setting(port.optional(), {
    doc: 'Port of the next hop. Absent: that of a host of role `foreign`, else 5061.',
    mirrors: 'MSFT_SIPFederationInternalEdgeSetting.InternalNextHopPort',
  }),
  internalServers: setting(z.array(hostReference).max(64).default([]), {
    doc: 'Inside hosts that may connect to it, in addition to the next hop.',
    mirrors: 'MSFT_SIPFederationInternalServerData.InternalServer',
  }),
  ...accessProxyOwn,
  ...everyServer,
})

const gatewayOwn = {
  policy: setting(z.enum(['cloud-2021', 'cloud-2024-03', 'cloud-2026']).default('cloud-2026'), {
    doc:
      'Applies the rules of the peer policy teams-direct-routing for names and purposes on a day (docs/policies.md), ' +
      'but not its rules for keys, suites and issuers. `peer` and `on` apply all rules of any peer and replace it.',
  }),
}

const gateway = group({
  role: setting(z.literal('gateway'), {
    doc: 'A peer that behaves like a cloud voice service: mutual TLS, OPTIONS first, a dated certificate policy.',
  }),
  ...gatewayOwn,
  peer: setting(z.enum(peerNames).optional(), {
    doc: 'The gateway follows the rules of this peer (docs/policies.md): names, purposes, keys, TLS versions, suites.',
  }),
  on: setting(z.iso.date().optional(), {
    doc: 'With `peer`: by the rules of this day. Absent: the day on which the policies were checked last.',
  }),
  ...everyServer,
})

const foreign = group({
  role: setting(z.literal('foreign'), {
    doc:
      'A server that siplab does not run. It has a place in the plan, the DNS, the certificates, the ' +
      'matrix and the link watch. Our hosts dial it where a static route, a next hop or a partner leads to it.',
  }),
  name: setting(domainName.optional(), {
    doc: 'Its host name, which its certificate carries: `sbc1.contoso.test`. Absent: its label in the domain.',
  }),
  address: setting(z.ipv4(), { doc: 'Its IPv4 address, outside the network of the lab too: `192.0.2.7`.' }),
  port: setting(port.default(5061), { doc: 'Where it accepts TLS.' }),
  dials: setting(z.array(hostReference).max(64).default([]), {
    doc: 'Our hosts that it dials: homes, their pools, access proxies. A home then takes its requests.',
  }),
  treatAs: setting(z.enum(['server', 'authenticated']).default('server'), {
    doc: 'How a home that it dials takes its requests, as in `authorizedHosts`.',
  }),
  certificate: setting(z.enum(['internal', 'public', 'own']).default('internal'), {
    doc: 'Which authority of the lab issues its certificate; `own`: it brings its own, from the CA of `root`.',
  }),
  root: setting(z.string().min(1).max(16_384).optional(), {
    doc: 'With `own`: its root, which our end trusts. A PEM file beside this file, or the PEM text itself.',
  }),
})

export const host = z.discriminatedUnion('role', [
  standardEdition,
  frontEnd,
  director,
  accessProxy,
  loadBalancer,
  sql,
  gateway,
  foreign,
])

/**
 * What the process of each role needs just as the lab file says it. A setting in one of these groups is in the lab
 * file, in its JSON Schema, in docs/configuration.md, in the plan and in the type of the plan.
 */
const ownSettings = {
  'standard-edition': homeOwn,
  'front-end': homeOwn,
  director: directorOwn,
  'access-proxy': accessProxyOwn,
  'load-balancer': {},
  sql: sqlOwn,
  gateway: gatewayOwn,
} as const satisfies Record<Host['role'], z.ZodRawShape>

/** `OwnSettings<'gateway'>` has `policy`. */
export type OwnSettings<R extends Host['role']> = {
  readonly [Name in keyof (typeof ownSettings)[R]]: z.infer<(typeof ownSettings)[R][Name]>
}

/** The settings of its role, out of everything that a host of the lab file has. */
export function ownSettingsOf<R extends Host['role']>(host: Extract<Host, { role: R }>): OwnSettings<R> {
  const names = new Set(Object.keys(ownSettings[host.role as R]))
  return Object.fromEntries(Object.entries(host).filter(([name]) => names.has(name))) as OwnSettings<R>
}

/** A host that siplab runs. */
export type Host = Exclude<z.infer<typeof host>, { role: 'foreign' }>
export type ForeignHost = Extract<z.infer<typeof host>, { role: 'foreign' }>
export type FederationSettings = z.infer<typeof federation>

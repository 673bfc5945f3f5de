/** Standard Edition and front end: the registrar, the home of users, the one who knows where each of them is. */
import type { PresenceService } from '../services/presence/presence.ts'
import { localTargets, type LocalTargetsOptions } from '../services/registrar/local-targets.ts'
import { relocation } from '../services/registrar/relocate.ts'
import { registrar } from '../services/registrar/registrar.ts'
import type { Arrival, Policy } from '../sip/routing/decision.ts'
import { organisationText } from '../sip/routing/dialog-record.ts'
import { flowToken } from '../sip/routing/policies/flow-token.ts'
import { followRoute, type Trunk } from '../sip/routing/policies/follow-route.ts'
import { type DialPlan, type StaticRoute, staticRoutes } from '../sip/routing/policies/static-routes.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { HomeSettings, RoutePlan } from '../topology/plan-types.ts'
import { insideFacts } from './law/facts.ts'
import { type Facts, judge } from './law/law.ts'
import { insideAdmission, isOneOf, knownServers } from './policies/inside-admission.ts'
import type { TrunkHost } from './policies/note-trunk.ts'
import { lawfulRegister } from './policies/lawful-register.ts'
import { homePool } from './policies/home-pool.ts'
import { toEnterpriseEdge } from './policies/next-hop.ts'
import { namesOfFaces, noRoute } from './policies/no-route.ts'
import { serverPlaces } from './server-places.ts'
import { stripUntrustedResponse } from './policies/strip-untrusted.ts'
import { communicatorSettings, homePresence } from './home-presence.ts'
import type { PeerLists } from './peers.ts'
import { betweenServers, peerLists, portOf, type RoleContext, type RoleParts, type WatchedPeer } from './role.ts'

export function home(context: RoleContext, settings: HomeSettings): RoleParts {
  const { plan, isOpen, accounts, location } = context
  const { domains, routeToEnterpriseEdge: edge, members } = settings
  if (location === undefined) throw new Error(`${plan.name} is a home and has no pool store`)
  const ports = { secure: portOf(plan, 'tls'), plain: portOf(plan, 'tcp') }
  const servers = [...settings.trustedServers.map(({ fqdn }) => fqdn), ...members, settings.home]
  const edges = [...settings.edges, ...(edge === undefined ? [] : [edge.fqdn])]
  const facts = insideFacts({ border: 'home', authentication: context.authentication, domains, servers })
  const isOurs = isOneOf([...servers, ...edges, ...domains])
  const anonymousDefault = (arrival: Arrival): boolean | undefined => anonymous(arrival, facts)
  const local = {
    ...{ location, accounts, domains, self: plan.fqdn, isOpen, anonymousDefault },
    servers: serverPlaces(plan, settings),
  }
  const relocate = relocation(local)
  const presence = homePresence(context, settings, facts)
  const trunks = trunksOf(settings)
  const own = { facts, local, presence, trunks }
  const ground: HomeGround = { context, settings, ports, servers: [...servers, ...edges], ...own }
  return {
    law: { internal: facts },
    faces: {
      internal: { admit: insideAdmission(context, settings, facts, isOurs, trunks), target: targets(ground, relocate) },
    },
    peers: { internal: peersOf(settings) },
    watched: watchedBy(plan.fqdn, settings, ports.secure),
    stripResponse: stripUntrustedResponse,
    recordRouteName: settings.home,
    detour: relocate,
    left: presence && ((aors) => presence.changed(aors)),
    domains,
    explainsTo: () => true,
  }
}

interface HomeGround {
  readonly context: RoleContext
  readonly settings: HomeSettings
  readonly ports: { readonly secure: number; readonly plain: number }
  /** Names of every server of ours, edges included. */
  readonly servers: readonly string[]
  readonly facts: Facts
  readonly local: LocalTargetsOptions
  readonly presence: PresenceService | undefined
  readonly trunks: readonly HostedTrunk[]
}

type HostedTrunk = Trunk & TrunkHost

/** Where a request goes: the first policy that has an answer decides. */
function targets(ground: HomeGround, relocate: ReturnType<typeof relocation>): readonly Policy[] {
  const { context, settings, ports, servers, facts, local, presence, trunks } = ground
  const { flowTokens, isReachable } = context
  const { domains, routeToEnterpriseEdge: edge } = settings
  const routes = settings.staticRoutes.map((route) => asStaticRoute(route, identityOf(route, settings.staticRoutes)))
  const nextHops = [...(edge === undefined ? [] : [edge.port]), ...settings.staticRoutes.map(({ port }) => port)]
  const isNamedHere = isOneOf([...servers, ...domains, ...namesOfFaces(context.plan.faces)])
  const plan = dialPlanOf(settings)
  const known = knownServers(servers, [ports.secure, ports.plain, ...nextHops])
  return [
    flowToken(flowTokens, {
      port: ports.secure,
      isReachable: (node) => isReachable(node, ports.secure, 'internal'),
      relocate,
    }),
    followRoute({ known, trunks, isServer: (uri) => local.servers?.ownerOf(uri) !== undefined }),
    // A number at our domain is no user of it (RFC 3261 §19.1.6).
    staticRoutes(
      routes.filter(({ match }) => isForNumbers(match)),
      plan,
    ),
    ...toOtherHomes(ground),
    lawfulRegister(facts, domains),
    registrarOf(ground),
    ...(presence === undefined ? [] : [presence.policy]),
    localTargets(local),
    staticRoutes(
      routes.filter(({ match }) => !isForNumbers(match)),
      plan,
    ),
    ...toEnterpriseEdge(edge, isNamedHere),
    noRoute(isNamedHere),
  ]
}

function toOtherHomes({ context, settings, ports, facts }: HomeGround): readonly Policy[] {
  const { accounts, plan } = context
  if (accounts === undefined) return []
  const policy = homePool({
    directory: accounts,
    self: plan.fqdn,
    domains: settings.domains,
    ownHome: settings.home,
    securePort: ports.secure,
    plainPort: ports.plain,
    between: betweenServers(plan),
    redirectInside: false,
    forbids: (arrival) => judge(arrival, facts, 'home'),
  })
  return [policy]
}

/** A front end among others names the flow in its own route: only it holds the connection. */
function registrarOf({ context, settings, ports, local, presence }: HomeGround): Policy {
  const { plan, clock, flowTokens } = context
  const ownRoute = (flow: Flow): string => `<sip:${flowTokens.of(flow)}@${plan.fqdn}:${ports.secure};transport=tls;lr>`
  return registrar({
    location: local.location,
    accounts: context.accounts,
    domains: settings.domains,
    clock,
    self: plan.fqdn,
    maxContacts: settings.maxContactsPerUser,
    communicator: communicatorSettings(plan.profile.name, presence !== undefined),
    changed: presence && ((aor) => presence.changed([aor])),
    servers: local.servers,
    ownRoute: settings.members.length === 1 ? undefined : ownRoute,
  })
}

function watchedBy(self: string, settings: HomeSettings, port: number): readonly WatchedPeer[] {
  const { routeToEnterpriseEdge: edge, members } = settings
  return [
    ...(edge === undefined
      ? []
      : [{ fqdn: edge.fqdn, port: edge.port, face: 'internal', by: 'enterprise-edge' as const }]),
    ...members.filter((fqdn) => fqdn !== self).map((fqdn) => ({ fqdn, port, face: 'internal', by: 'home' as const })),
    ...routedOverTls(settings),
  ]
}

/** Whether users take it who say nothing of anonymous requests; undefined: somebody vouches for the sender. */
function anonymous(arrival: Arrival, facts: Facts): boolean | undefined {
  const peer = facts.peerOf(arrival)
  if (peer === 'unasked' || facts.identityOf(arrival) !== 'none') return undefined
  return peer === 'static-route host'
}

function peersOf(settings: HomeSettings): PeerLists {
  const { trustedServers, members, home: pool, edges } = settings
  return peerLists({
    servers: [...trustedServers.map(({ fqdn }) => fqdn), ...members, pool, ...hosts(settings, 'server')],
    edges,
    authenticatedHosts: hosts(settings, 'authenticated'),
  })
}

function hosts({ authorizedHosts }: HomeSettings, treatAs: string): readonly string[] {
  return authorizedHosts.filter((host) => host.treatAs === treatAs).map(({ fqdn }) => fqdn)
}

/** The certificate a server shows to whomever it dials, as an identity beside `static-route:1`. */
export const ownIdentity = 'default-outgoing'

/** Set only where routes to one host and port have different certificates. */
function identityOf(route: RoutePlan, all: readonly RoutePlan[]): string | undefined {
  const others = all.filter(
    ({ nextHop, port, transport }) => nextHop === route.nextHop && port === route.port && transport === route.transport,
  )
  return others.every(({ reference }) => reference === route.reference) ? undefined : (route.reference ?? ownIdentity)
}

/** Hosts of static routes, then authorised ones: those that call and are never called have no route. */
function trunksOf(settings: HomeSettings): readonly HostedTrunk[] {
  const { staticRoutes, servers = [] } = settings
  const others = hosts(settings, 'server').filter((name) => staticRoutes.every(({ nextHop }) => nextHop !== name))
  const portAt = (name: string): number => servers.find((place) => place.hosts.includes(name))?.ports[0] ?? 5061
  return [
    ...staticRoutes.map(({ nextHop, port, transport }) => trunkTo(nextHop, port, transport)),
    ...others.map((name) => trunkTo(name, portAt(name), 'tls')),
  ]
}

function trunkTo(host: string, port: number, transport: RoutePlan['transport']): HostedTrunk {
  return { host, organisation: organisationText(host), port, nextHop: `sip:${host}:${port};transport=${transport}` }
}

function asStaticRoute(
  { match, nextHop, port, transport, replaceHost, normalise }: RoutePlan,
  identity: string | undefined,
): StaticRoute {
  return {
    match,
    nextHop: `sip:${nextHop}:${port};transport=${transport}`,
    identity,
    ...(replaceHost ? { replaceHost: nextHop } : {}),
    ...(normalise === undefined
      ? {}
      : { normalise: normalise.map(({ pattern, replacement }) => ({ pattern: new RegExp(pattern), replacement })) }),
  }
}

/** A user counts by login; a caller without one, a partner or a trunk, counts as everyone. */
function dialPlanOf({ dialPlan = [], voicePolicies }: HomeSettings): DialPlan {
  const normalise = dialPlan.map(({ pattern, replacement }) => ({ pattern: new RegExp(pattern), replacement }))
  if (voicePolicies === undefined) return { normalise }
  return {
    normalise,
    mayCall(caller, number) {
      const login = /^sips?:([^@;]+)@/.exec(caller ?? '')?.[1]?.toLowerCase() ?? ''
      const policy =
        voicePolicies.find(({ users }) => users.includes(login)) ??
        voicePolicies.find(({ users }) => users.includes('*'))
      return policy?.numbers.some((each) => startsSo(each, number)) === true
    },
  }
}

function startsSo(pattern: string, number: string): boolean {
  return pattern.endsWith('*') ? number.startsWith(pattern.slice(0, -1)) : pattern === number
}

function isForNumbers(match: string): boolean {
  return match !== '*' && !match.includes('@')
}

/** A voice service wants to hear OPTIONS before any call. */
function routedOverTls({ staticRoutes }: HomeSettings): readonly WatchedPeer[] {
  const routes = staticRoutes
    .filter(({ transport }) => transport === 'tls')
    .map((route) => ({
      fqdn: route.nextHop,
      port: route.port,
      face: 'internal',
      by: 'static-route' as const,
      identity: identityOf(route, staticRoutes),
    }))
  return [...new Map(routes.map((route) => [`${route.fqdn}:${route.port} ${route.identity}`, route])).values()]
}

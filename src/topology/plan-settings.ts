/** What each node's process needs beyond addresses: lists of whom to believe, next hops, routes, the store. */
import { playsOf } from './plays.ts'
import { addressIn, fullName, placeNamed, placesOf, sipsPort } from './layout.ts'
import { acceptors, portTo } from './plan-foreign.ts'
import type { Place, PlaceOf, Ports, Site } from './layout.ts'
import { ownSettingsOf } from './hosts.ts'
import { pkiUrl } from './plan-certificates.ts'
import type { LinkSite } from './plan-links.ts'
import { poolMembers } from './plan-listeners.ts'
import { planServers } from './plan-servers.ts'
import type {
  AccessProxySettings,
  DnsView,
  HomeSettings,
  NodeSettings,
  OrganisationPlan,
  StorePlan,
} from './plan-types.ts'
import type { Topology } from './topology.ts'

/** One organisation on its way to the plan. */
export interface Draft extends LinkSite {
  readonly store: StorePlan
}

export function settingsOf(
  topology: Topology,
  draft: Draft,
  place: Place,
  dns: readonly DnsView[],
  ports: Ports,
): NodeSettings {
  const { site, store } = draft
  const { host } = place
  if (host === undefined) return groundSettings(site, place, dns, ports)
  const lists = serverLists(topology, site)
  const edge = placesOf(site, 'access-proxy')[0]
  switch (host.role) {
    case 'standard-edition':
    case 'front-end':
      return {
        kind: host.role,
        ...lists,
        ...homeSettings(draft, place, host),
        servers: planServers(site, draft.listeners, dns, ports),
        ...outward(edge === undefined ? undefined : (placesOf(site, 'director')[0] ?? edge)),
      }
    case 'director':
      return { kind: 'director', ...lists, ...ownSettingsOf(host), homes: homes(site), ...outward(edge), store }
    case 'access-proxy':
      return { ...edgeSettings(draft, place, host), servers: planServers(site, draft.listeners, dns, ports) }
    case 'load-balancer':
      return balancerSettings(draft, place)
    case 'sql':
      return { kind: 'sql', ...ownSettingsOf(host) }
    case 'gateway':
      return { kind: 'gateway', ...lists, ...ownSettingsOf(host), ...playsOf(host), trunks: trunksOf(site, place) }
    default:
      return host satisfies never
  }
}

/** What every server inside knows of its organisation. */
function serverLists({ realm, authentication, profile }: Topology, site: Site) {
  return {
    domains: site.domains,
    realm,
    algorithms: authentication.algorithms ?? profile.authentication.algorithms,
    ntlm: (authentication.ntlm ?? profile.authentication.ntlm) === 'on',
    trustedServers: trustedServers(site),
    edges: placesOf(site, 'access-proxy').map(({ fqdn }) => fqdn),
  }
}

/** DNS and PKI: what every lab has, without a line in the lab file. */
function groundSettings(site: Site, { role }: Place, dns: readonly DnsView[], ports: Ports): NodeSettings {
  return role === 'dns'
    ? { kind: 'dns', views: dns.filter(({ organisation }) => organisation === site.domain) }
    : { kind: 'pki', port: ports.pki, url: pkiUrl(site.domain, ports) }
}

function outward(place: Place | undefined) {
  return place === undefined ? {} : { routeToEnterpriseEdge: { fqdn: place.fqdn, port: sipsPort } }
}

function edgeSettings(
  { site, internalServers }: Draft,
  { node }: Place,
  host: PlaceOf<'access-proxy'>['host'],
): AccessProxySettings {
  return {
    kind: 'access-proxy',
    domains: site.domains,
    nextHop: { fqdn: fullName(site, host.nextHop), port: portTo(site, host.nextHop, host.nextHopPort) },
    internalServers: internalServers.get(node) ?? [],
    ...ownSettingsOf(host),
  }
}

function balancerSettings({ site, listeners }: Draft, { label, node }: Place): NodeSettings {
  const backends = poolMembers(site, label).map((member) => ({
    node: member.node,
    fqdn: member.fqdn,
    address: addressIn(member, 'internal') ?? '',
  }))
  const ports = [...new Set((listeners.get(node) ?? []).map(({ port }) => port))]
  return { kind: 'load-balancer', backends, ports }
}

/** The hosts listed, then the foreign servers that dial this home. */
function authorizedBy(site: Site, place: Place, { authorizedHosts }: HomeHost): HomeSettings['authorizedHosts'] {
  const listed = authorizedHosts.map(({ host, treatAs }) => ({ fqdn: fullName(site, host), treatAs }))
  const dialling = site.foreign
    .filter(({ host }) => host.dials.some((name) => acceptors(site, name).includes(place)))
    .map(({ fqdn, host: { treatAs } }) => ({ fqdn, treatAs }))
  return [...listed, ...dialling.filter(({ fqdn }) => !listed.some((each) => each.fqdn === fqdn))]
}

type HomeHost = PlaceOf<'standard-edition' | 'front-end'>['host']

function homeSettings(
  { site, store }: Draft,
  place: Place,
  host: HomeHost,
): Omit<HomeSettings, 'kind' | 'domains' | 'realm' | 'algorithms' | 'ntlm' | 'trustedServers' | 'edges'> {
  const home = host.role === 'front-end' ? `${host.pool}.${site.domain}` : place.fqdn
  return {
    home,
    members: host.role === 'front-end' ? poolMembers(site, host.pool).map(({ fqdn }) => fqdn) : [place.fqdn],
    authorizedHosts: authorizedBy(site, place, host),
    ...(host.dialPlan.length === 0 ? {} : { dialPlan: host.dialPlan }),
    ...(host.voicePolicies.length === 0 ? {} : { voicePolicies: host.voicePolicies }),
    staticRoutes: host.staticRoutes.map(
      ({ match, nextHop, port, transport, replaceHost, normalise, ownCertificate }, at) => ({
        match,
        nextHop: fullName(site, nextHop),
        port: portTo(site, nextHop, port),
        transport,
        replaceHost,
        ...(normalise.length === 0 ? {} : { normalise }),
        ...(ownCertificate ? { reference: `static-route:${at + 1}` as const } : {}),
      }),
    ),
    ...ownSettingsOf(host),
    store: poolStore(store, home),
  }
}

/** Hosts with a static route to a gateway, each by the names it may show itself with. */
function trunksOf(site: Site, gateway: Place): readonly (readonly string[])[] {
  return placesOf(site, 'standard-edition', 'front-end')
    .filter(({ host }) => host.staticRoutes.some(({ nextHop }) => placeNamed(site, nextHop) === gateway))
    .map(({ fqdn, host }) => (host.role === 'front-end' ? [fqdn, `${host.pool}.${site.domain}`] : [fqdn]))
}

/** Names on the trusted server list of the directory: homes, the front ends behind them, directors. */
export function trustedServers(site: Site): OrganisationPlan['trustedServers'] {
  const members = placesOf(site, 'standard-edition', 'front-end', 'director').map(({ fqdn }) => fqdn)
  return [...new Set([...homes(site), ...members])].map((fqdn) => ({ fqdn, version: 2 }))
}

/** FQDNs users can have as home. */
export function homes(site: Site): readonly string[] {
  const all = placesOf(site, 'standard-edition', 'front-end').map(({ fqdn, host }) =>
    host.role === 'front-end' ? `${host.pool}.${site.domain}` : fqdn,
  )
  return [...new Set(all)]
}

/**
 * Inside names an access proxy listens to: its next hop, the front ends behind it when it is a pool, the pool of one
 * that is named alone, and those listed.
 */
export function internalServers(site: Site, host: PlaceOf<'access-proxy'>['host']): readonly string[] {
  const names = [host.nextHop, ...host.internalServers].flatMap((name) => {
    const label = name.endsWith(`.${site.domain}`) ? name.slice(0, -site.domain.length - 1) : name
    const frontEnd = placesOf(site, 'front-end').find((place) => place.label === label)
    return [
      fullName(site, name),
      ...poolMembers(site, label).map(({ fqdn }) => fqdn),
      ...(frontEnd === undefined ? [] : [`${frontEnd.host.pool}.${site.domain}`]),
    ]
  })
  return [...new Set(names)]
}

export function storePlan(topology: Topology, site: Site): StorePlan {
  const files = {
    kind: 'sqlite' as const,
    directory: `${site.organisation.prefix}directory.sqlite`,
    pool: poolFile(homes(site)[0] ?? site.domain),
  }
  const sql = placesOf(site, 'sql')[0]
  if (topology.store === 'sqlite' || sql === undefined) return files
  return {
    kind: 'postgres',
    host: sql.fqdn,
    address: addressIn(sql, 'internal') ?? '',
    port: sql.host.port,
    tls: sql.host.tls,
    database: 'siplab',
    fallback: files,
  }
}

function poolStore(store: StorePlan, home: string): StorePlan {
  const pool = poolFile(home)
  return store.kind === 'sqlite' ? { ...store, pool } : { ...store, fallback: { ...store.fallback, pool } }
}

function poolFile(home: string): string {
  return `pool-${home}.sqlite`
}

/** One lab file in, everything that follows from it out. Pure: no clock, no file, no socket. */
import { addressIn, fullName, layOut, placeNamed, placesOf, resolvePorts, sipsPort } from './layout.ts'
import type { Place, PlaceOf, PlanOptions, Ports, Site } from './layout.ts'
import { planCertificates, pkiUrl } from './plan-certificates.ts'
import { planDns, signInPlace } from './plan-dns.ts'
import { planFirewall } from './plan-firewall.ts'
import { planLinks } from './plan-links.ts'
import type { LinkSite } from './plan-links.ts'
import { isSecure, planListeners, poolMembers } from './plan-listeners.ts'
import type {
  DnsView,
  HomeSettings,
  LabPlan,
  Listener,
  NodePlan,
  NodeSettings,
  OrganisationPlan,
  PhoneTarget,
  PlannedCertificate,
  PlannedUser,
  Role,
  StorePlan,
} from './plan-types.ts'
import { organisations } from './topology.ts'
import type { Topology } from './topology.ts'

/**
 * Derives the plan of a lab: `planLab(loadTopology('edge'), { network: 42 })`.
 * The result is frozen and survives `JSON.stringify`.
 */
export function planLab(topology: Topology, options: PlanOptions = {}): LabPlan {
  const network = options.network ?? topology.network
  const addressing = options.addressing ?? 'loopback'
  const ports = resolvePorts(topology, options)
  const sites = organisations(topology).map((organisation, at) => layOut(organisation, at, network, addressing))
  const drafts = sites.map((site): Draft => {
    const certificates = planCertificates(topology, site, ports)
    const secured = (place: Place) => certificates.some(({ node }) => node === place.node) || balancesSecured(site, place, certificates)
    const listeners = new Map(site.places.map((place) => [place.node, planListeners(site, place, ports, secured(place))]))
    const heard = new Map(placesOf(site, 'access-proxy').map((edge) => [edge.node, internalServers(site, edge.host)]))
    return { site, certificates, listeners, secured: certificates.length > 0, store: storePlan(topology, site), internalServers: heard }
  })
  const dns = planDns(drafts, ports, topology.profile.name === 'modern')
  const nodes = drafts.flatMap((draft) => planNodes(topology, draft, dns, ports)).sort((a, b) => startOrder.indexOf(a.role) - startOrder.indexOf(b.role))
  const links = planLinks(topology, drafts, ports)
  return freeze({
    topology: topology.name,
    about: topology.about,
    profile: topology.profile,
    domain: topology.domain,
    network,
    addressing,
    organisations: drafts.map(organisationPlan),
    nodes,
    certificates: drafts.flatMap(({ certificates }) => certificates),
    dns,
    links,
    firewall: planFirewall(nodes, links),
    users: sites.flatMap(planUsers),
    phones: drafts.flatMap(planPhones),
  })
}

/**
 * What one process needs to start: `nodePlan(plan, 'fe1')`.
 *
 * @throws RangeError for a name the plan does not have, with the names it has
 */
export function nodePlan(plan: LabPlan, name: string): NodePlan {
  const node = plan.nodes.find((node) => node.name === name)
  if (node === undefined) throw new RangeError(`wanted a node of ${plan.topology} (${plan.nodes.map((node) => node.name).join(', ')}), found "${name}"`)
  return node
}

/** One organisation on its way to the plan. */
interface Draft extends LinkSite {
  readonly store: StorePlan
}

const startOrder: readonly Role[] = ['dns', 'pki', 'sql', 'standard-edition', 'front-end', 'load-balancer', 'gateway', 'director', 'access-proxy']

function balancesSecured(site: Site, place: Place, certificates: readonly PlannedCertificate[]): boolean {
  return place.role === 'load-balancer' && poolMembers(site, place.label).some((member) => certificates.some(({ node }) => node === member.node))
}

function organisationPlan({ site, certificates, store }: Draft): OrganisationPlan {
  return {
    domain: site.domain,
    domains: site.domains,
    prefix: site.organisation.prefix,
    store,
    trustedServers: trustedServers(site),
    edges: placesOf(site, 'access-proxy').map(({ fqdn }) => fqdn),
    certificates: certificates.length > 0,
  }
}

function planNodes(topology: Topology, draft: Draft, dns: readonly DnsView[], ports: Ports): readonly NodePlan[] {
  const { site, certificates, listeners } = draft
  return site.places
    .filter(({ role }) => role !== 'pki' || draft.secured)
    .map((place): NodePlan => {
      const { host } = place
      const own = host !== undefined && 'whenOwnCertificateEnds' in host ? host.whenOwnCertificateEnds : undefined
      const clock = host?.clock
      return {
        name: place.node,
        role: place.role,
        organisation: site.domain,
        fqdn: place.fqdn,
        faces: place.faces,
        listeners: listeners.get(place.node) ?? [],
        resolver: resolver(dns, site, place),
        certificates: certificates.filter(({ node }) => node === place.node),
        whenOwnCertificateEnds: own ?? topology.whenOwnCertificateEnds ?? topology.profile.whenOwnCertificateEnds,
        ...(clock === undefined ? {} : { clock }),
        profile: topology.profile,
        settings: settingsOf(topology, draft, place, dns, ports),
      }
    })
}

function resolver(dns: readonly DnsView[], site: Site, place: Place): NodePlan['resolver'] {
  const wanted = place.role === 'access-proxy' || place.role === 'gateway' ? 'perimeter' : 'internal'
  const view = dns.find(({ name, organisation }) => name === wanted && organisation === site.domain)
  if (view === undefined) throw new Error(`no ${wanted} view of the DNS for ${place.node}`)
  return { view: view.name, address: view.address, port: view.port }
}

function settingsOf(topology: Topology, draft: Draft, place: Place, dns: readonly DnsView[], ports: Ports): NodeSettings {
  const { site, store } = draft
  const { host } = place
  if (host === undefined) {
    if (place.role === 'dns') return { kind: 'dns', views: dns.filter(({ organisation }) => organisation === site.domain) }
    return { kind: 'pki', port: ports.pki, url: pkiUrl(site.domain, ports) }
  }
  const lists = {
    domains: site.domains,
    realm: topology.realm,
    trustedServers: trustedServers(site),
    edges: placesOf(site, 'access-proxy').map(({ fqdn }) => fqdn),
  }
  const edge = placesOf(site, 'access-proxy')[0]
  const outward = (place: Place | undefined) => (place === undefined ? {} : { routeToEnterpriseEdge: { fqdn: place.fqdn, port: sipsPort } })
  switch (host.role) {
    case 'standard-edition':
    case 'front-end':
      return { kind: host.role, ...lists, ...homeSettings(draft, place, host), ...outward(edge === undefined ? undefined : (placesOf(site, 'director')[0] ?? edge)) }
    case 'director':
      return { kind: 'director', ...lists, homes: homes(site), ...outward(edge), store }
    case 'access-proxy':
      return {
        kind: 'access-proxy',
        domains: site.domains,
        nextHop: { fqdn: fullName(site, host.nextHop), port: host.nextHopPort },
        internalServers: draft.internalServers.get(place.node) ?? [],
        allowOutsideUsers: host.allowOutsideUsers,
        allowClientsOnMtls: host.allowClientsOnMtls,
        federation: host.federation,
      }
    case 'load-balancer': {
      const members = poolMembers(site, place.label)
      const backends = members.map((member) => ({ node: member.node, fqdn: member.fqdn, address: addressIn(member, 'internal') ?? '' }))
      return { kind: 'load-balancer', backends, ports: [...new Set((draft.listeners.get(place.node) ?? []).map(({ port }) => port))] }
    }
    case 'sql':
      return { kind: 'sql', port: host.port, tls: host.tls }
    case 'gateway':
      return { kind: 'gateway', ...lists, policy: host.policy }
    default:
      return host satisfies never
  }
}

type HomeHost = PlaceOf<'standard-edition' | 'front-end'>['host']

function homeSettings({ site, store }: Draft, place: Place, host: HomeHost): Omit<HomeSettings, 'kind' | 'domains' | 'realm' | 'trustedServers' | 'edges'> {
  const home = host.role === 'front-end' ? `${host.pool}.${site.domain}` : place.fqdn
  return {
    home,
    members: host.role === 'front-end' ? poolMembers(site, host.pool).map(({ fqdn }) => fqdn) : [place.fqdn],
    authorizedHosts: host.authorizedHosts.map(({ host, treatAs }) => ({ fqdn: fullName(site, host), treatAs })),
    staticRoutes: host.staticRoutes.map(({ match, nextHop, port, transport, replaceHost, ownCertificate }, at) => ({
      match,
      nextHop: fullName(site, nextHop),
      port,
      transport,
      replaceHost,
      ...(ownCertificate ? { reference: `static-route:${at + 1}` as const } : {}),
    })),
    maxContactsPerUser: host.maxContactsPerUser,
    store: poolStore(store, home),
  }
}

/** Names on the trusted server list of the directory: homes, the front ends behind them, directors. */
function trustedServers(site: Site): OrganisationPlan['trustedServers'] {
  const members = placesOf(site, 'standard-edition', 'front-end', 'director').map(({ fqdn }) => fqdn)
  return [...new Set([...homes(site), ...members])].map((fqdn) => ({ fqdn, version: 2 }))
}

/** FQDNs users can have as home. */
function homes(site: Site): readonly string[] {
  const all = placesOf(site, 'standard-edition', 'front-end').map(({ fqdn, host }) => (host.role === 'front-end' ? `${host.pool}.${site.domain}` : fqdn))
  return [...new Set(all)]
}

/** Inside names an access proxy listens to: its next hop, the front ends behind it when it is a pool, and those listed. */
function internalServers(site: Site, host: PlaceOf<'access-proxy'>['host']): readonly string[] {
  const names = [host.nextHop, ...host.internalServers].flatMap((name) => {
    const label = name.endsWith(`.${site.domain}`) ? name.slice(0, -site.domain.length - 1) : name
    return [fullName(site, name), ...poolMembers(site, label).map(({ fqdn }) => fqdn)]
  })
  return [...new Set(names)]
}

function storePlan(topology: Topology, site: Site): StorePlan {
  const files = { kind: 'sqlite' as const, directory: `${site.organisation.prefix}directory.sqlite`, pool: poolFile(homes(site)[0] ?? site.domain) }
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

function planUsers(site: Site): readonly PlannedUser[] {
  return Object.entries(site.organisation.users).map(([login, { password, home, remote }]) => ({
    uri: `sip:${login}@${site.domain}`,
    login,
    password,
    home: `${home}.${site.domain}`,
    remote,
  }))
}

function planPhones({ site, listeners }: Draft): readonly PhoneTarget[] {
  const target = (from: 'inside' | 'outside', host: string, trust: 'internal' | 'public') => ({ transport, address, port }: Listener): PhoneTarget => ({
    domain: site.domain,
    from,
    transport,
    host,
    address,
    port,
    ...(isSecure(transport) ? { trust } : {}),
  })
  const signIn = signInPlace(site)
  const inside = signIn === undefined ? [] : (listeners.get(signIn.place.node) ?? []).filter((listener) => listener.address === addressIn(signIn.place, 'internal')).map(target('inside', signIn.fqdn, 'internal'))
  const home = homes(site)[0]
  const homePlace = home === undefined ? undefined : placeNamed(site, home)
  const web = homePlace === undefined || homePlace === signIn?.place ? [] : (listeners.get(homePlace.node) ?? []).filter(({ transport }) => transport === 'wss').map(target('inside', home ?? '', 'internal'))
  const outside = placesOf(site, 'access-proxy').flatMap((edge) =>
    (listeners.get(edge.node) ?? [])
      .filter(({ face, mutual }) => edge.host.allowOutsideUsers && face === 'external' && mutual !== 'required')
      .map(target('outside', edge.faces.find(({ name }) => name === 'external')?.fqdn ?? edge.fqdn, 'public')),
  )
  return [...inside, ...web, ...outside]
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
  return value
}

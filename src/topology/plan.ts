/** One lab file in, everything that follows from it out. Pure: no clock, no file, no socket. */
import { boundPort, everyAddress } from './addressing.ts'
import { withPlanned } from './dns-records.ts'
import { addressIn, layOut, placeNamed, placesOf, resolvePorts } from './layout.ts'
import type { Place, PlanOptions, Ports, Site } from './layout.ts'
import { planCertificates } from './plan-certificates.ts'
import { planDns, signInPlace } from './plan-dns.ts'
import { planFirewall } from './plan-firewall.ts'
import { planForeign, withForeign } from './plan-foreign.ts'
import { planLinks } from './plan-links.ts'
import { isSecure, planListeners, poolMembers } from './plan-listeners.ts'
import { homes, internalServers, settingsOf, storePlan, trustedServers } from './plan-settings.ts'
import type { Draft } from './plan-settings.ts'
import type {
  Addressing,
  DnsView,
  LabPlan,
  Listener,
  NodePlan,
  OrganisationPlan,
  PhoneTarget,
  PlannedCertificate,
  PlannedUser,
  Role,
} from './plan-types.ts'
import type { Host } from './hosts.ts'
import { playsOf } from './plays.ts'
import { firstNetwork, organisations } from './topology.ts'
import type { Topology } from './topology.ts'

/**
 * Derives the plan of a lab: `planLab(loadTopology('edge'), { network: 42 })`.
 * The result is frozen and survives `JSON.stringify`.
 */
export function planLab(topology: Topology, options: PlanOptions = {}): LabPlan {
  const placed = { ...options, ...placementOf(topology, options) }
  const { network, addressing } = placed
  const ports = resolvePorts(topology, options)
  const sites = organisations(topology).map((organisation, at) => layOut(organisation, at, placed))
  const drafts = sites.map((site) => draftOf(topology, site, ports))
  const dns = planDns(drafts, ports, topology.profile.name === 'modern').map((view) =>
    withPlanned(withForeign(view, sites), topology.dns.records),
  )
  const foreign = sites.flatMap((site) => planForeign(topology, site, ports))
  const nodes = drafts
    .flatMap((draft) => planNodes(topology, draft, dns, ports))
    .flatMap((node) => (addressing === 'cluster' ? inCluster(node, dns) : [node]))
    .sort((a, b) => startOrder.indexOf(a.role) - startOrder.indexOf(b.role))
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
    foreign,
    dns,
    links,
    firewall: planFirewall([...nodes, ...foreign], links),
    users: sites.flatMap(planUsers),
    phones: drafts.flatMap(planPhones),
  })
}

/** As the options say, else as the lab file says. */
export function placementOf(
  { network: planned }: Pick<Topology, 'network'>,
  { network, addressing }: Pick<PlanOptions, 'network' | 'addressing'>,
): { readonly network: number; readonly addressing: Addressing } {
  return {
    network: network ?? (planned === 'ipv6' ? firstNetwork : planned),
    addressing: addressing ?? (planned === 'ipv6' ? 'ipv6' : 'loopback'),
  }
}

function draftOf(topology: Topology, site: Site, ports: Ports): Draft {
  const certificates = planCertificates(topology, site, ports)
  const isSecured = (place: Place) =>
    certificates.some(({ node }) => node === place.node) || balancesSecured(site, place, certificates)
  return {
    site,
    certificates,
    listeners: new Map(site.places.map((place) => [place.node, planListeners(site, place, ports, isSecured(place))])),
    secured: certificates.length > 0,
    store: storePlan(topology, site),
    internalServers: new Map(
      placesOf(site, 'access-proxy').map((edge) => [edge.node, internalServers(site, edge.host)]),
    ),
  }
}

/**
 * What one process needs to start: `nodePlan(plan, 'fe1')`.
 *
 * @throws RangeError for a name the plan does not have, with the names it has
 */
export function nodePlan(plan: LabPlan, name: string): NodePlan {
  const node = plan.nodes.find((node) => node.name === name)
  if (node === undefined)
    throw new RangeError(
      `wanted a node of ${plan.topology} (${plan.nodes.map((node) => node.name).join(', ')}), found "${name}"`,
    )
  return node
}

const startOrder: readonly Role[] = [
  'dns',
  'pki',
  'sql',
  'standard-edition',
  'front-end',
  'load-balancer',
  'gateway',
  'director',
  'access-proxy',
]

/** A cluster has a DNS of its own: no node serves names, and each answers those of the lab itself. */
function inCluster(node: NodePlan, dns: readonly DnsView[]): readonly NodePlan[] {
  if (node.role === 'dns') return []
  const { zones = [], records = [] } =
    dns.find(({ name, organisation }) => name === node.resolver.view && organisation === node.organisation) ?? {}
  const listeners = [
    ...new Map(
      node.listeners.map((listener): [string, Listener] => {
        const bound = boundPort(listener.face, listener.port)
        const open = { ...listener, address: everyAddress, ...(bound === listener.port ? {} : { bound }) }
        return [`${listener.face} ${listener.transport} ${listener.port}`, open]
      }),
    ).values(),
  ]
  return [{ ...node, listeners, resolver: { ...node.resolver, names: { zones, records } } }]
}

function balancesSecured(site: Site, place: Place, certificates: readonly PlannedCertificate[]): boolean {
  return (
    place.role === 'load-balancer' &&
    poolMembers(site, place.label).some((member) => certificates.some(({ node }) => node === member.node))
  )
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
        whenDatabaseIsAway: topology.whenDatabaseIsAway,
        ...(clock === undefined ? {} : { clock }),
        profile: profileOf(topology, host),
        settings: settingsOf(topology, draft, place, dns, ports),
      }
    })
}

/** The TLS versions of a gateway are those of the peer it plays. */
function profileOf({ profile }: Topology, host: Host | undefined): Topology['profile'] {
  const rules = host?.role === 'gateway' ? playsOf(host).plays?.rules : undefined
  if (rules === undefined) return profile
  const { tlsMin: min = profile.tls.min, tlsMax: max = profile.tls.max } = rules
  return { ...profile, tls: { ...profile.tls, min, max } }
}

function resolver(dns: readonly DnsView[], site: Site, place: Place): NodePlan['resolver'] {
  const wanted = place.role === 'access-proxy' || place.role === 'gateway' ? 'perimeter' : 'internal'
  const view = dns.find(({ name, organisation }) => name === wanted && organisation === site.domain)
  if (view === undefined) throw new Error(`no ${wanted} view of the DNS for ${place.node}`)
  return { view: view.name, address: view.address, port: view.port }
}

function planUsers(site: Site): readonly PlannedUser[] {
  return Object.entries(site.organisation.users).map(([login, { password, home, remote, anonymousCalls }]) => ({
    uri: `sip:${login}@${site.domain}`,
    login,
    password,
    home: `${home}.${site.domain}`,
    remote,
    ...(anonymousCalls === undefined ? {} : { anonymousCalls }),
  }))
}

function planPhones({ site, listeners }: Draft): readonly PhoneTarget[] {
  const target =
    (from: 'inside' | 'outside', host: string, trust: 'internal' | 'public') =>
    ({ transport, address, port }: Listener): PhoneTarget => ({
      domain: site.domain,
      from,
      transport,
      host,
      address,
      port,
      ...(isSecure(transport) ? { trust } : {}),
    })
  const signIn = signInPlace(site)
  const inside =
    signIn === undefined
      ? []
      : (listeners.get(signIn.place.node) ?? [])
          .filter((listener) => listener.address === addressIn(signIn.place, 'internal'))
          .map(target('inside', signIn.fqdn, 'internal'))
  const home = homes(site)[0]
  const homePlace = home === undefined ? undefined : placeNamed(site, home)
  const web =
    homePlace === undefined || homePlace === signIn?.place
      ? []
      : (listeners.get(homePlace.node) ?? [])
          .filter(({ transport }) => transport === 'wss')
          .map(target('inside', home ?? '', 'internal'))
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

/**
 * Servers of somebody else: their place in the plan, the names that lead to them, and their links, each direction by
 * what makes one end dial the other.
 */
import { foreignNamed, fullName, placeNamed, placesOf, sipsPort } from './layout.ts'
import type { ForeignPlace, Place, PlaceOf, Ports, Site } from './layout.ts'
import { foreignCertificate } from './plan-certificates.ts'
import { poolMembers } from './plan-listeners.ts'
import type {
  DnsRecord,
  DnsView,
  FaceName,
  ForeignPlan,
  Link,
  LinkEnd,
  Listener,
  PlannedCertificate,
  TrustRoot,
} from './plan-types.ts'
import type { Topology } from './topology.ts'

export function planForeign(topology: Topology, site: Site, ports: Ports): readonly ForeignPlan[] {
  return site.foreign.map((place): ForeignPlan => {
    const { node, fqdn, face, host } = place
    const certificate = foreignCertificate(topology, site, place, ports)
    return {
      name: node,
      role: 'foreign',
      organisation: site.domain,
      fqdn,
      address: host.address,
      port: host.port,
      faces: [face],
      ...(certificate === undefined ? {} : { certificate }),
      ...(host.root === undefined ? {} : { root: host.root }),
    }
  })
}

/** Where a next hop listens: as the lab file says, else as its foreign host says, else 5061. */
export function portTo(site: Site, reference: string, port: number | undefined): number {
  return port ?? foreignNamed(site, reference)?.host.port ?? sipsPort
}

/** The servers that accept what is dialled by a label or name: a pool has several. */
export function acceptors(site: Site, reference: string): readonly Place[] {
  const named = placeNamed(site, reference)
  if (named === undefined) return []
  return named.role === 'load-balancer' ? poolMembers(site, named.label) : [named]
}

/** A foreign server is found by our nodes, not by the internet; outside our domains its name is a zone of its own. */
export function withForeign(view: DnsView, sites: readonly Site[]): DnsView {
  const all = sites.find(({ domain }) => domain === view.organisation)?.foreign ?? []
  const foreign = all.filter(({ fqdn }) => !view.records.some(({ name }) => name === fqdn))
  if (view.name === 'external' || foreign.length === 0) return view
  const records = foreign.map(
    ({ fqdn, host }): DnsRecord => ({
      kind: 'a',
      name: fqdn,
      address: host.address,
      why: 'A foreign server, which siplab does not run.',
    }),
  )
  const isInside = (name: string) => view.zones.some((zone) => name === zone || name.endsWith(`.${zone}`))
  const zones = foreign.flatMap(({ fqdn }) => (isInside(fqdn) ? [] : [fqdn]))
  return { ...view, zones: [...view.zones, ...zones], records: [...view.records, ...records] }
}

/** What the links need to know of the organisation around a foreign server. */
interface ForeignSite {
  readonly site: Site
  readonly certificates: readonly PlannedCertificate[]
  readonly listeners: ReadonlyMap<string, readonly Listener[]>
}

export function foreignLinks(entry: ForeignSite, publicClientAuth: 'issued' | 'not-issued'): readonly Link[] {
  return entry.site.foreign.flatMap((place) => [
    ...ways(entry.site, place).map((way) => linkTo(entry, place, way)),
    ...place.host.dials.flatMap((name) => linksFrom(entry, place, name, publicClientAuth)),
  ])
}

/** Why one of our hosts dials it. */
interface Way {
  readonly from: Place
  readonly face: FaceName
  readonly port: number
  readonly transport: 'tls' | 'tcp' | 'udp'
  /** A static route shows a certificate of its own. */
  readonly reference?: `static-route:${number}`
  readonly why: string
}

function ways(site: Site, to: ForeignPlace): readonly Way[] {
  const leads = (name: string) => foreignNamed(site, name) === to
  const routes = placesOf(site, 'standard-edition', 'front-end').flatMap((from) =>
    from.host.staticRoutes.flatMap(({ nextHop, port, transport, ownCertificate }, at): readonly Way[] => {
      if (!leads(nextHop)) return []
      const reference = ownCertificate ? { reference: `static-route:${at + 1}` as const } : {}
      const why = `Static route ${at + 1} leads to this server.`
      return [{ from, face: 'internal', port: portTo(site, nextHop, port), transport, ...reference, why }]
    }),
  )
  const hops = placesOf(site, 'access-proxy').flatMap((from): readonly Way[] => {
    const { nextHop, nextHopPort } = from.host
    if (leads(nextHop)) {
      const port = portTo(site, nextHop, nextHopPort)
      return [{ from, face: 'internal', port, transport: 'tls', why: 'Everything from outside goes to the next hop.' }]
    }
    const why = partnership(from, to.fqdn)
    return why === undefined ? [] : [{ from, face: 'external', port: sipsPort, transport: 'tls', why }]
  })
  const all = [...routes, ...hops]
  const key = ({ from, port, transport }: Way) => `${from.node} ${port} ${transport}`
  return [...new Map(all.toReversed().map((way) => [key(way), way])).values()].toReversed()
}

/** Undefined: the access proxy does not federate with it. */
function partnership({ host }: PlaceOf<'access-proxy'>, fqdn: string): string | undefined {
  const { enabled, partners, providers, defaultRoute } = host.federation
  if (!enabled) return undefined
  if (partners.some(({ edge }) => edge === fqdn)) return 'Direct partner.'
  if (providers.some((provider) => provider.enabled && provider.edge === fqdn)) return 'IM provider.'
  return defaultRoute === fqdn ? 'The default route leads to this server.' : undefined
}

function linkTo(entry: ForeignSite, to: ForeignPlace, { from, face, port, transport, reference, why }: Way): Link {
  const ends = { from: end(from, face), to: { name: to.node }, transport, port, allowed: true, dials: to.fqdn }
  if (transport !== 'tls') return { ...ends, why }
  const own = certificateOf(entry, from, reference ?? referenceOf(from, face))
  return {
    ...ends,
    verification: {
      dialler: { wantsName: to.fqdn, wantsPurpose: 'serverAuth', trustRoot: rootOf(to) },
      acceptor: {
        wantsName: own?.request.commonName ?? from.fqdn,
        wantsPurpose: 'clientAuth',
        trustRoot: own?.request.authority ?? 'internal',
        mutual: 'required',
      },
    },
    ...(own === undefined || own.request.purposes.includes('clientAuth') ? {} : { gap: gapOf(own.request.name) }),
    why,
  }
}

function linksFrom(
  entry: ForeignSite,
  from: ForeignPlace,
  name: string,
  publicClientAuth: 'issued' | 'not-issued',
): readonly Link[] {
  const { site } = entry
  const to = placeNamed(site, name)
  if (to === undefined) return []
  const face = from.face.addresses.internet === undefined || to.role !== 'access-proxy' ? 'internal' : 'external'
  const { allowed, why } = acceptance(to, face, from, site)
  const accepting = acceptors(site, name)[0] ?? to
  const open = (entry.listeners.get(accepting.node) ?? []).find((one) => isMutual(one, face))
  const shown = certificateOf(entry, accepting, referenceOf(accepting, face))
  const lacksClient = from.host.certificate === 'public' && publicClientAuth === 'not-issued'
  const dials = dialledAs(site, to, face)
  const dialler = {
    wantsName: dials,
    wantsPurpose: 'serverAuth' as const,
    trustRoot: shown?.request.authority ?? ('internal' as const),
  }
  const acceptor = {
    wantsName: from.fqdn,
    wantsPurpose: 'clientAuth' as const,
    trustRoot: rootOf(from),
    mutual: open?.mutual === 'required' ? ('required' as const) : ('requested' as const),
  }
  const ends = { from: { name: from.node }, to: end(to, face), transport: 'tls' as const, port: sipsPort, dials }
  const gap = lacksClient ? { gap: gapOf(from.node) } : {}
  return [{ ...ends, allowed, verification: { dialler, acceptor }, ...gap, why }]
}

/** A front end is dialled by its own name, a pool by that of the pool. */
function dialledAs(site: Site, to: Place, face: FaceName): string {
  if (to.role === 'load-balancer') return fullName(site, to.label)
  return to.faces.find((each) => each.name === face)?.fqdn ?? to.fqdn
}

function isMutual({ transport, port, face }: Listener, wanted: FaceName): boolean {
  return transport === 'tls' && port === sipsPort && face === wanted
}

interface Talk {
  readonly allowed: boolean
  readonly why: string
}

function acceptance(to: Place, face: FaceName, from: ForeignPlace, site: Site): Talk {
  if (to.host?.role !== 'access-proxy') return { allowed: true, why: 'An authorised host of the home.' }
  const edge = to.host
  if (face === 'internal') {
    const listed = [edge.nextHop, ...edge.internalServers].some((name) => foreignNamed(site, name) === from)
    return listed
      ? { allowed: true, why: 'It is on the internal server list of the access proxy.' }
      : { allowed: false, why: 'It is not on the internal server list of the access proxy.' }
  }
  const why = partnership({ ...to, host: edge }, from.fqdn)
  if (why !== undefined) return { allowed: true, why }
  const { enabled, automatic } = edge.federation
  return enabled && automatic
    ? { allowed: true, why: 'Found by DNS (enhanced federation).' }
    : { allowed: false, why: `No partner of the access proxy has the edge ${from.fqdn}.` }
}

function gapOf(certificate: string): NonNullable<Link['gap']> {
  return {
    code: 'cert.eku-missing',
    why: `${certificate} carries no clientAuth, so a peer that checks purpose refuses it as a client.`,
  }
}

function rootOf({ host }: ForeignPlace): TrustRoot {
  return host.certificate
}

function referenceOf({ role }: Place, face: FaceName): 'edge-external' | 'edge-internal' | 'listener' {
  return role === 'access-proxy' ? `edge-${face}` : 'listener'
}

function certificateOf({ certificates }: ForeignSite, place: Place, reference: string): PlannedCertificate | undefined {
  return certificates.find(
    ({ node, references }) => node === place.node && references.some((each) => each === reference),
  )
}

function end(place: Place, face: FaceName): LinkEnd {
  return place.faces.length > 1 ? { name: place.node, face } : { name: place.node }
}

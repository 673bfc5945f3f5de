/** The link matrix: who may speak to whom, and what each end wants of the other's certificate. */
import type { Authority } from '../certificates/certificate-request.ts'
import { fullName, placeNamed, placesOf, sipsPort } from './layout.ts'
import type { Place, PlaceOf, Ports, Site } from './layout.ts'
import { signInPlace } from './plan-dns.ts'
import { foreignLinks } from './plan-foreign.ts'
import { isSecure, poolMembers } from './plan-listeners.ts'
import type { FaceName, Link, LinkEnd, LinkVerification, Listener, PlannedCertificate } from './plan-types.ts'
import { peerPolicies } from './peer-policy.ts'
import type { Topology } from './topology.ts'

/** What links need to know of an organisation. */
export interface LinkSite {
  readonly site: Site
  readonly certificates: readonly PlannedCertificate[]
  readonly listeners: ReadonlyMap<string, readonly Listener[]>
  readonly secured: boolean
  /** Inside names each access proxy listens to, by node name. */
  readonly internalServers: ReadonlyMap<string, readonly string[]>
}

export function planLinks(topology: Topology, sites: readonly LinkSite[], ports: Ports): readonly Link[] {
  return [
    ...sites.flatMap((site) => [...userLinks(site), ...serverLinks(site), ...supportLinks(site, ports)]),
    ...federationLinks(topology, sites),
    ...sites.flatMap((entry) => foreignLinks(entry, peerPolicies[topology.peerPolicy].publicClientAuth)),
  ]
}

function userLinks(entry: LinkSite): readonly Link[] {
  return [...insideUserLinks(entry), ...remoteUserLinks(entry), ...shutUserLinks(entry)]
}

function insideUserLinks({ site, listeners }: LinkSite): readonly Link[] {
  const signIn = signInPlace(site)?.place
  const homes = site.places.filter(
    ({ role, label }) =>
      role === 'standard-edition' ||
      role === 'load-balancer' ||
      (role === 'front-end' && placeNamed(site, poolOf(site, label) ?? label)?.label === label),
  )
  return [...new Set([...(signIn === undefined ? [] : [signIn]), ...homes])].flatMap((place) =>
    openings(listeners, place).map((listener) => {
      const why = place === signIn ? 'Inside users sign in here.' : 'Home of users: a director redirects them here.'
      return userLink('inside-user', place, listener, true, why, homeName(site, place))
    }),
  )
}

function remoteUserLinks({ site, listeners }: LinkSite): readonly Link[] {
  return placesOf(site, 'access-proxy').flatMap((edge) =>
    openings(listeners, edge)
      .filter(({ face }) => face === 'external')
      .map((listener) => {
        const allowed = edge.host.allowOutsideUsers && listener.mutual !== 'required'
        const why = allowed
          ? 'Remote users sign in here.'
          : edge.host.allowOutsideUsers
            ? 'Only servers with a certificate come in by this port.'
            : 'Remote access is off.'
        return userLink('remote-user', edge, listener, allowed, why)
      }),
  )
}

function shutUserLinks({ site, listeners }: LinkSite): readonly Link[] {
  const why = 'Traffic from the internet reaches the inside only through an access proxy.'
  return placesOf(site, 'standard-edition', 'front-end', 'director').flatMap((place) =>
    openings(listeners, place)
      .filter(({ transport }) => transport === 'tls' || transport === 'tcp')
      .map((listener) => userLink('remote-user', place, listener, false, why)),
  )
}

function userLink(
  user: 'inside-user' | 'remote-user',
  place: Place,
  { face, transport, port }: Listener,
  allowed: boolean,
  why: string,
  home?: string,
): Link {
  const dials = home ?? place.faces.find(({ name }) => name === face)?.fqdn ?? place.fqdn
  const trustRoot: Authority = face === 'external' ? 'public' : 'internal'
  const verification: LinkVerification = { dialler: { wantsName: dials, wantsPurpose: 'serverAuth', trustRoot } }
  return {
    from: { name: user },
    to: end(place, face),
    transport,
    port,
    allowed,
    dials,
    ...(isSecure(transport) ? { verification } : {}),
    why,
  }
}

/** Users dial a front end by its pool name, everything else by its own. */
function homeName(site: Site, place: Place): string {
  const pool = poolOf(site, place.label)
  return pool === undefined ? place.fqdn : `${pool}.${site.domain}`
}

/** Each listener once, whatever the number of zones it is heard in. */
function openings(listeners: LinkSite['listeners'], place: Place): readonly Listener[] {
  const all = listeners.get(place.node) ?? []
  return [
    ...new Map(all.map((listener) => [`${listener.face} ${listener.transport} ${listener.port}`, listener])).values(),
  ]
}

interface Talk {
  readonly allowed: boolean
  readonly why: string
}

function serverLinks(entry: LinkSite): readonly Link[] {
  const { site, secured } = entry
  if (!secured) return []
  const servers = placesOf(site, 'standard-edition', 'front-end', 'director', 'access-proxy', 'gateway')
  const direct = servers.flatMap((from) =>
    servers
      .filter((to) => to !== from)
      .map((to) => mutualLink(entry, from, to, dialledName(site, from, to), talk(entry, from, to))),
  )
  const balanced = placesOf(site, 'load-balancer').flatMap((balancer) => balancedLinks(entry, balancer))
  return [...direct, ...balanced]
}

type Server = PlaceOf<'standard-edition' | 'front-end' | 'director' | 'access-proxy' | 'gateway'>

function talk({ site, internalServers }: LinkSite, from: Server, to: Server): Talk {
  if (from.host.role === 'access-proxy' && to.host.role === 'access-proxy')
    return { allowed: false, why: 'Access proxies of one organisation do not connect to each other.' }
  if (from.host.role === 'access-proxy') {
    const allowed = isBehind(site, from.host.nextHop, to)
    return {
      allowed,
      why: allowed
        ? 'Everything from outside goes to the next hop.'
        : `An access proxy knows one next hop, ${fullName(site, from.host.nextHop)}.`,
    }
  }
  if (to.host.role === 'access-proxy') {
    const allowed = internalServers.get(to.node)?.includes(from.fqdn) === true
    return {
      allowed,
      why: allowed
        ? 'It is on the internal server list of the access proxy.'
        : 'It is not on the internal server list of the access proxy.',
    }
  }
  if (from.host.role === 'gateway' || to.host.role === 'gateway') {
    const [gateway, home] = from.host.role === 'gateway' ? [from, to] : [to, from]
    const routes = 'staticRoutes' in home.host ? home.host.staticRoutes : []
    const allowed = routes.some(({ nextHop }) => placeNamed(site, nextHop) === gateway)
    return { allowed, why: allowed ? 'A static route leads to the gateway.' : 'No static route leads to the gateway.' }
  }
  if (from.host.role === 'director' && to.host.role === 'director')
    return { allowed: true, why: 'Directors of one organisation trust each other.' }
  if (to.host.role === 'director') return { allowed: true, why: 'Requests to partners and to remote users.' }
  if (from.host.role === 'director') return { allowed: true, why: 'The director proxies remote users to their home.' }
  const samePool = from.host.role === 'front-end' && to.host.role === 'front-end' && from.host.pool === to.host.pool
  return {
    allowed: true,
    why: samePool
      ? 'A client of the pool may belong to the other front end.'
      : 'Users of one home reach users of the other.',
  }
}

/**
 * From a director (or next hop search) the home is dialled by its name; members among themselves by their own. A
 * gateway calls its trunk back by the FQDN in the Contact of who called (topology-facts §7.1).
 */
function dialledName(site: Site, from: Server, to: Server): string {
  if (from.host.role === 'access-proxy' && isBehind(site, from.host.nextHop, to))
    return fullName(site, from.host.nextHop)
  if (to.host.role !== 'front-end' || from.host.role === 'front-end' || from.host.role === 'gateway') return to.fqdn
  const alone = placeNamed(site, to.host.pool) === to
  return alone ? `${to.host.pool}.${site.domain}` : to.fqdn
}

function isBehind(site: Site, nextHop: string, to: Place): boolean {
  const named = placeNamed(site, nextHop)
  return (
    named === to || (named?.role === 'load-balancer' && poolMembers(site, named.label).some((member) => member === to))
  )
}

/** Directors dial the pool name, which the balancer holds; the certificate they see is a front end's. */
function balancedLinks(entry: LinkSite, balancer: PlaceOf<'load-balancer'>): readonly Link[] {
  const { site, listeners } = entry
  const members = poolMembers(site, balancer.label)
  const diallers = placesOf(site, 'director', 'access-proxy').filter(
    (place) => place.host.role === 'director' || isBehind(site, place.host.nextHop, balancer),
  )
  const toPool = diallers.map((from) =>
    mutualLink(entry, from, balancer, balancer.fqdn, {
      allowed: true,
      why: 'The load balancer chooses a front end for the pool name.',
    }),
  )
  const through = members.flatMap((member) =>
    openings(listeners, balancer).map(
      ({ transport, port }): Link => ({
        from: end(balancer, 'internal'),
        to: end(member, 'internal'),
        transport: transport === 'udp' ? 'udp' : 'tcp',
        port,
        allowed: true,
        dials: member.fqdn,
        why: 'The connection is passed through; TLS ends on the front end.',
      }),
    ),
  )
  return [...toPool, ...through]
}

function mutualLink(entry: LinkSite, from: Place, to: Place, dials: string, { allowed, why }: Talk): Link {
  const fromFace: FaceName = 'internal'
  const accepting = openings(entry.listeners, to).find(
    ({ transport, port, face }) => transport === 'tls' && port === sipsPort && face === 'internal',
  )
  const shown = certificateOf(entry, to, 'internal')
  const own = certificateOf(entry, from, fromFace)
  const mutual = accepting?.mutual
  const verification: LinkVerification = {
    dialler: { wantsName: dials, wantsPurpose: 'serverAuth', trustRoot: shown?.request.authority ?? 'internal' },
    ...(mutual === 'required' || mutual === 'requested'
      ? {
          acceptor: {
            wantsName: from.fqdn,
            wantsPurpose: 'clientAuth' as const,
            trustRoot: own?.request.authority ?? 'internal',
            mutual,
          },
        }
      : {}),
  }
  return {
    from: end(from, fromFace),
    to: end(to, 'internal'),
    transport: 'tls',
    port: sipsPort,
    allowed,
    dials,
    verification,
    ...gapOf(own, verification),
    why,
  }
}

function gapOf(own: PlannedCertificate | undefined, { acceptor }: LinkVerification): Pick<Link, 'gap'> {
  if (own === undefined || acceptor === undefined || own.request.purposes.includes('clientAuth')) return {}
  return {
    gap: {
      code: 'cert.eku-missing',
      why: `${own.request.name} carries no clientAuth, so a peer that checks purpose refuses it as a client.`,
    },
  }
}

function certificateOf({ site, certificates }: LinkSite, place: Place, face: FaceName): PlannedCertificate | undefined {
  const node = place.role === 'load-balancer' ? poolMembers(site, place.label)[0]?.node : place.node
  const reference =
    place.role === 'access-proxy' ? (face === 'external' ? 'edge-external' : 'edge-internal') : 'listener'
  return certificates.find((certificate) => certificate.node === node && certificate.references.includes(reference))
}

/** Between the access proxies of two organisations; a lab with one organisation shows the party `partner`. */
function federationLinks(topology: Topology, sites: readonly LinkSite[]): readonly Link[] {
  return sites.flatMap((entry) =>
    placesOf(entry.site, 'access-proxy').flatMap((from): readonly Link[] => {
      const others = sites
        .filter((other) => other !== entry)
        .flatMap((other) => placesOf(other.site, 'access-proxy').map((to) => ({ other, to })))
      if (others.length > 0) return others.map(({ other, to }) => federationLink(topology, entry, from, other, to))
      const { enabled } = from.host.federation
      const name = externalName(from)
      const why = enabled ? 'Partners come in here.' : 'Federation is off: the access proxy itself refuses partners.'
      const verification: LinkVerification = {
        dialler: { wantsName: name, wantsPurpose: 'serverAuth', trustRoot: 'public' },
        acceptor: {
          wantsName: 'the name of its edge',
          wantsPurpose: 'clientAuth',
          trustRoot: 'public',
          mutual: 'required',
        },
      }
      return [
        {
          from: { name: 'partner' },
          to: end(from, 'external'),
          transport: 'tls',
          port: sipsPort,
          allowed: enabled,
          dials: name,
          verification,
          why,
        },
      ]
    }),
  )
}

function federationLink(
  topology: Topology,
  entry: LinkSite,
  from: PlaceOf<'access-proxy'>,
  other: LinkSite,
  to: PlaceOf<'access-proxy'>,
): Link {
  const { allowed, why, partner } = federates(entry, from, other, to)
  const dials = partner?.edge ?? externalName(to)
  const byDomain = topology.profile.names.wanted === 'domain-or-next-hop' && partner === undefined
  const verification: LinkVerification = {
    dialler: { wantsName: byDomain ? other.site.domain : dials, wantsPurpose: 'serverAuth', trustRoot: 'public' },
    acceptor: {
      wantsName: externalName(from),
      wantsPurpose: 'clientAuth',
      trustRoot: 'public',
      mutual: to.host.allowClientsOnMtls ? 'requested' : 'required',
    },
  }
  return {
    from: end(from, 'external'),
    to: end(to, 'external'),
    transport: 'tls',
    port: sipsPort,
    allowed,
    dials,
    verification,
    ...gapOf(certificateOf(entry, from, 'external'), verification),
    why,
  }
}

type Partner = PlaceOf<'access-proxy'>['host']['federation']['partners'][number]

function federates(
  entry: LinkSite,
  from: PlaceOf<'access-proxy'>,
  other: LinkSite,
  to: PlaceOf<'access-proxy'>,
): Talk & { readonly partner: Partner | undefined } {
  const [here, there] = [from.host.federation, to.host.federation]
  const partner = here.partners.find(({ domain }) => other.site.domains.includes(domain))
  const known = there.partners.some(({ domain }) => entry.site.domains.includes(domain)) || there.automatic
  if (!here.enabled || !there.enabled || !known || (partner === undefined && !here.automatic))
    return { allowed: false, why: 'The two do not federate.', partner }
  const why = partner === undefined ? 'Found by DNS (enhanced federation).' : 'Direct partner.'
  return { allowed: true, why, partner }
}

function externalName(edge: Place): string {
  return edge.faces.find(({ name }) => name === 'external')?.fqdn ?? edge.fqdn
}

/** DNS, CRLs and the database: not SIP, yet without them no link comes up. */
function supportLinks(entry: LinkSite, ports: Ports): readonly Link[] {
  return [...nameLinks(entry, ports), ...revocationLinks(entry, ports), ...databaseLinks(entry)]
}

function nameLinks({ site }: LinkSite, ports: Ports): readonly Link[] {
  const dns = site.places.find(({ role }) => role === 'dns')
  if (dns === undefined) return []
  const seenOutside = dns.faces.some(({ name }) => name === 'external')
  return [
    ...[...serversOf(site).map((place) => end(place, 'internal')), insideUser].map((from) =>
      supportLink(from, dns, 'dns', ports.dns, 'Names of the lab.'),
    ),
    ...(seenOutside ? remoteUsers(site) : []).map((from) =>
      supportLink(from, dns, 'dns', ports.dns, 'Names as the internet sees them.', 'external'),
    ),
  ]
}

function revocationLinks({ site, secured }: LinkSite, ports: Ports): readonly Link[] {
  const pki = site.places.find(({ role }) => role === 'pki')
  if (pki === undefined || !secured) return []
  const verifiers = serversOf(site)
    .filter(({ role }) => role !== 'load-balancer')
    .map((place) => end(place, 'internal'))
  return [...verifiers, insideUser, ...remoteUsers(site)].map((from) =>
    supportLink(from, pki, 'http', ports.pki, 'CRLs and issuer certificates.'),
  )
}

function databaseLinks({ site }: LinkSite): readonly Link[] {
  const sql = placesOf(site, 'sql')[0]
  if (sql === undefined) return []
  return placesOf(site, 'standard-edition', 'front-end', 'director').map((place) =>
    supportLink(
      end(place, 'internal'),
      sql,
      'sql',
      sql.host.port,
      place.role === 'director' ? 'Reads the directory.' : 'Directory and pool store.',
    ),
  )
}

function serversOf(site: Site): readonly Place[] {
  return placesOf(site, 'standard-edition', 'front-end', 'director', 'access-proxy', 'gateway', 'load-balancer')
}

const insideUser: LinkEnd = { name: 'inside-user' }

function remoteUsers(site: Site): readonly LinkEnd[] {
  return placesOf(site, 'access-proxy').length > 0 ? [{ name: 'remote-user' }] : []
}

function supportLink(
  from: LinkEnd,
  to: Place,
  transport: Link['transport'],
  port: number,
  why: string,
  face: FaceName = 'internal',
): Link {
  return { from, to: end(to, face), transport, port, allowed: true, dials: to.fqdn, why }
}

function end(place: Place, face: FaceName): LinkEnd {
  return place.faces.length > 1 ? { name: place.node, face } : { name: place.node }
}

function poolOf(site: Site, label: string): string | undefined {
  return placesOf(site, 'front-end').find((place) => place.label === label)?.host.pool
}

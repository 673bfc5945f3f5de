/** Hosts with their node names, FQDNs, faces and addresses: the first step of the plan. */
import { addressesOf, serviceName } from './addressing.ts'
import type { ForeignHost, Host } from './hosts.ts'
import type { Addressing, Face, FaceName, Role, Zone } from './plan-types.ts'
import type { Organisation, Topology } from './topology.ts'

export interface PlanOptions {
  /** N of 127.0.N.0/24 or of fd51:1ab:N::/48; absent: as the lab file has it. */
  readonly network?: number
  /** Absent: as the lab file has it. */
  readonly addressing?: Addressing
  /** On loopback: where the outside face of the first access proxy listens instead. Absent: in 127.0.N.0/24. */
  readonly expose?: { readonly outer: string }
  readonly ports?: { readonly edge?: number; readonly wss?: number; readonly dns?: number; readonly pki?: number }
}

/** The ports in force, after the lab file and the command line had their say. */
export interface Ports {
  readonly edge: number
  readonly wss: number
  readonly dns: number
  readonly pki: number
}

/** One host of the lab file, placed. `dns` and `pki` have no settings of their own. */
export interface Place {
  readonly node: string
  readonly label: string
  readonly role: Role
  readonly fqdn: string
  readonly faces: readonly Face[]
  readonly host: Host | undefined
}

/** One organisation, placed. */
export interface Site {
  readonly organisation: Organisation
  readonly domain: string
  /** Every SIP domain it serves, the main one first. */
  readonly domains: readonly string[]
  readonly places: readonly Place[]
  readonly foreign: readonly ForeignPlace[]
}

/** A server of somebody else, placed: at its own address in every kind of lab. */
export interface ForeignPlace {
  readonly node: string
  readonly label: string
  readonly fqdn: string
  /** `internet` where it meets an outside face, else `perimeter`. */
  readonly face: Face
  readonly host: ForeignHost
}

/** A place known to be of one role, with that role's settings. */
export type PlaceOf<R extends Host['role']> = Place & { readonly host: Extract<Host, { role: R }> }

export const sipPort = 5060
export const sipsPort = 5061

/** Last octets by role; those of the second organisation of a lab are 100 higher. */
const firstOffset: Readonly<Record<Role, number>> = {
  dns: 2,
  pki: 5,
  sql: 6,
  'load-balancer': 10,
  'front-end': 11,
  director: 21,
  'access-proxy': 31,
  'standard-edition': 41,
  gateway: 51,
}
const dnsOffsets = { internal: 2, external: 3, perimeter: 4 } as const

export function resolvePorts(topology: Topology, { ports = {}, addressing = 'loopback' }: PlanOptions): Ports {
  const inContainers = addressing === 'containers'
  const isPublic = inContainers || addressing === 'cluster'
  return {
    edge: ports.edge ?? topology.ports.edge ?? (isPublic ? 443 : 10443),
    wss: ports.wss ?? topology.ports.wss,
    dns: ports.dns ?? topology.ports.dns,
    pki: ports.pki ?? topology.ports.pki ?? (inContainers ? 80 : 10080),
  }
}

/** Gives an organisation's hosts their names and addresses; `at` counts organisations from 0. */
export function layOut(
  organisation: Organisation,
  at: number,
  { network, addressing = 'loopback', expose }: PlanOptions & { readonly network: number },
): Site {
  const { domain, moreDomains } = organisation
  const outer = at === 0 && addressing === 'loopback' ? expose?.outer : undefined
  const ground: Ground = { organisation, at, addressing, addressOf: addressesOf(at, network, addressing), outer }
  return {
    organisation,
    domain,
    domains: [domain, ...moreDomains],
    places: [dnsPlace(ground), pkiPlace(ground), ...hostPlaces(ground)].map((place) =>
      addressing === 'cluster' ? withServiceNames(place) : place,
    ),
    foreign: foreignPlaces(organisation),
  }
}

/** Every zone reaches a face by the name of its service. */
function withServiceNames(place: Place): Place {
  const faces = place.faces.map((each): Face => {
    const address = serviceName(place.node, each.name)
    const addresses = Object.fromEntries(Object.keys(each.addresses).map((zone) => [zone, address]))
    return { ...each, address, addresses }
  })
  return { ...place, faces }
}

/** What the places of one organisation are planned from. */
interface Ground {
  readonly organisation: Organisation
  /** Counts organisations from 0. */
  readonly at: number
  readonly addressing: Addressing
  readonly addressOf: (zone: Zone, offset: number) => string
  /** Instead of the address of the first outside face. */
  readonly outer: string | undefined
}

function hostPlaces({ organisation, addressOf, outer }: Ground): readonly Place[] {
  const { prefix, domain, hosts } = organisation
  const nextOffset = offsets()
  const inPerimeter = perimeterLabels(organisation)
  const exposed = Object.keys(hosts).find((label) => hosts[label]?.role === 'access-proxy')
  return Object.entries(hosts).flatMap(([label, host]): readonly Place[] => {
    if (host.role === 'foreign') return []
    const offset = host.address ?? nextOffset(host.role)
    const fqdn = `${label}.${domain}`
    const place = { node: `${prefix}${label}`, label, role: host.role, fqdn, host }
    if (host.role === 'access-proxy') {
      const external = host.externalAddress ?? offset + 1
      const faces = [
        face('internal', fqdn, ['perimeter'], (zone) => addressOf(zone, offset)),
        face('external', `${host.externalName}.${domain}`, ['internet'], (zone) =>
          label === exposed && outer !== undefined ? outer : addressOf(zone, external),
        ),
      ]
      return [{ ...place, faces }]
    }
    const zones: readonly Zone[] =
      host.role === 'gateway' ? ['perimeter'] : inPerimeter.has(label) ? ['internal', 'perimeter'] : ['internal']
    return [{ ...place, faces: [face('internal', fqdn, zones, (zone) => addressOf(zone, offset))] }]
  })
}

function foreignPlaces(organisation: Organisation): readonly ForeignPlace[] {
  const { prefix, domain, hosts } = organisation
  return Object.entries(hosts).flatMap(([label, host]): readonly ForeignPlace[] => {
    if (host.role !== 'foreign') return []
    const fqdn = host.name ?? `${label}.${domain}`
    const zone = meetsOutsideFace(organisation, label, fqdn, host) ? 'internet' : 'perimeter'
    const at = face('internal', fqdn, [zone], () => host.address)
    return [{ node: `${prefix}${label}`, label, fqdn, face: at, host }]
  })
}

/** A partner meets the outside face of an access proxy; a next hop and an inside server meet the inside face. */
function meetsOutsideFace({ hosts }: Organisation, label: string, fqdn: string, { dials }: ForeignHost): boolean {
  return Object.entries(hosts).some(([edge, host]) => {
    if (host.role !== 'access-proxy') return false
    const inside = [host.nextHop, ...host.internalServers].some((name) => name === label || name === fqdn)
    const { partners, providers, defaultRoute } = host.federation
    const partner = [...partners, ...providers].some((each) => each.edge === fqdn) || defaultRoute === fqdn
    return !inside && (partner || dials.includes(edge))
  })
}

/** Last octets in the order of the lab file; an access proxy takes two, one a face. */
function offsets(): (role: Role) => number {
  const counts = new Map<Role, number>()
  return (role) => {
    const count = counts.get(role) ?? 0
    counts.set(role, count + 1)
    return firstOffset[role] + count * (role === 'access-proxy' ? 2 : 1)
  }
}

function dnsPlace({ organisation: { prefix, domain }, at, addressing, addressOf }: Ground): Place {
  const fqdn = `dns.${domain}`
  const addressFor = (view: keyof typeof dnsOffsets, zone: Zone) =>
    addressOf(zone, addressing === 'containers' ? dnsOffsets.internal : dnsOffsets[view])
  const internal = addressFor('internal', 'internal')
  const inside: Face = {
    name: 'internal',
    fqdn,
    address: internal,
    addresses: { internal, perimeter: addressFor('perimeter', 'perimeter') },
  }
  const outside = at === 0 ? [face('external', fqdn, ['internet'], (zone) => addressFor('external', zone))] : []
  return { node: `${prefix}dns`, label: 'dns', role: 'dns', fqdn, host: undefined, faces: [inside, ...outside] }
}

function pkiPlace({ organisation: { prefix, domain }, addressOf }: Ground): Place {
  const fqdn = `pki.${domain}`
  const faces = [
    face('internal', fqdn, ['internal', 'perimeter', 'internet'], (zone) => addressOf(zone, firstOffset.pki)),
  ]
  return { node: `${prefix}pki`, label: 'pki', role: 'pki', fqdn, host: undefined, faces }
}

export function placesOf<R extends Host['role']>(site: Site, ...roles: readonly R[]): readonly PlaceOf<R>[] {
  return site.places.filter(
    (place): place is PlaceOf<R> => (roles as readonly string[]).includes(place.role) && place.host !== undefined,
  )
}

/**
 * The host a label or FQDN of this organisation stands for; a pool name stands for its balancer, or its only front end.
 */
export function placeNamed(site: Site, reference: string): Place | undefined {
  const label = reference.endsWith(`.${site.domain}`) ? reference.slice(0, -site.domain.length - 1) : reference
  return (
    site.places.find((place) => place.label === label) ??
    placesOf(site, 'front-end').find(({ host }) => host.pool === label)
  )
}

/** `director` → `director.lab.test`; a foreign host has its own name; a name with a dot stays. */
export function fullName(site: Site, reference: string): string {
  const foreign = foreignNamed(site, reference)
  if (foreign !== undefined) return foreign.fqdn
  return reference.includes('.') ? reference : `${reference}.${site.domain}`
}

/** The server of somebody else that a label or FQDN stands for. */
export function foreignNamed(site: Site, reference: string): ForeignPlace | undefined {
  return site.foreign.find(({ label, fqdn }) => label === reference || fqdn === reference)
}

/** The face of a place towards a zone, with its address there. */
export function addressIn(place: Place, zone: Zone): string | undefined {
  return place.faces.map(({ addresses }) => addresses[zone]).find((address) => address !== undefined)
}

function face(name: FaceName, fqdn: string, zones: readonly Zone[], addressOf: (zone: Zone) => string): Face {
  const first = zones[0] ?? 'internal'
  return {
    name,
    fqdn,
    address: addressOf(first),
    addresses: Object.fromEntries(zones.map((zone) => [zone, addressOf(zone)])),
  }
}

/** Hosts that an access proxy, a gateway or a foreign server talks to have an address in the perimeter too. */
function perimeterLabels({ hosts, domain }: Organisation): ReadonlySet<string> {
  const labels = new Set<string>()
  const bare = (name: string) => (name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name)
  const add = (name: string) => {
    const label = bare(name)
    labels.add(label)
    const direct = hosts[label]
    if (direct !== undefined && direct.role !== 'load-balancer') return
    for (const [frontEnd, host] of Object.entries(hosts))
      if (host.role === 'front-end' && host.pool === label) labels.add(frontEnd)
  }
  for (const [label, host] of Object.entries(hosts)) {
    if (host.role === 'access-proxy') for (const name of [host.nextHop, ...host.internalServers]) add(name)
    const routes = host.role === 'standard-edition' || host.role === 'front-end' ? host.staticRoutes : []
    if (routes.some(({ nextHop }) => isOutside(hosts, bare(nextHop)))) labels.add(label)
    if (host.role === 'foreign') for (const name of host.dials) add(name)
  }
  return labels
}

function isOutside(hosts: Organisation['hosts'], name: string): boolean {
  const role = hosts[name]?.role
  if (role === 'gateway' || role === 'foreign') return true
  return Object.values(hosts).some((host) => host.role === 'foreign' && host.name === name)
}

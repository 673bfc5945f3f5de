/** Hosts with their node names, FQDNs, faces and addresses: the first step of the plan. */
import { addressesOf } from './addressing.ts'
import type { Host } from './hosts.ts'
import type { Addressing, Face, FaceName, Role, Zone } from './plan-types.ts'
import type { Organisation, Topology } from './topology.ts'

export interface PlanOptions {
  /** N of 127.0.N.0/24 or of fd51:1ab:N::/48; absent: as the lab file has it. */
  readonly network?: number
  /** Absent: as the lab file has it. */
  readonly addressing?: Addressing
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
}

/** A place known to be of one role, with that role's settings. */
export type PlaceOf<R extends Host['role']> = Place & { readonly host: Extract<Host, { role: R }> }

export const sipPort = 5060
export const sipsPort = 5061

/** Last octets by role; the second organisation of a lab stands 100 higher. */
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
  return {
    edge: ports.edge ?? topology.ports.edge ?? (inContainers ? 443 : 10443),
    wss: ports.wss ?? topology.ports.wss,
    dns: ports.dns ?? topology.ports.dns,
    pki: ports.pki ?? topology.ports.pki ?? (inContainers ? 80 : 10080),
  }
}

/** Gives an organisation's hosts their names and addresses; `at` counts organisations from 0. */
export function layOut(organisation: Organisation, at: number, network: number, addressing: Addressing): Site {
  const { domain, moreDomains } = organisation
  const ground: Ground = { organisation, at, addressing, addressOf: addressesOf(at, network, addressing) }
  return {
    organisation,
    domain,
    domains: [domain, ...moreDomains],
    places: [dnsPlace(ground), pkiPlace(ground), ...hostPlaces(ground)],
  }
}

/** What an organisation's places stand on. */
interface Ground {
  readonly organisation: Organisation
  /** Counts organisations from 0. */
  readonly at: number
  readonly addressing: Addressing
  readonly addressOf: (zone: Zone, offset: number) => string
}

function hostPlaces({ organisation, addressOf }: Ground): readonly Place[] {
  const { prefix, domain, hosts } = organisation
  const nextOffset = offsets()
  const inPerimeter = perimeterLabels(organisation)
  return Object.entries(hosts).map(([label, host]): Place => {
    const offset = host.address ?? nextOffset(host.role)
    const fqdn = `${label}.${domain}`
    const place = { node: `${prefix}${label}`, label, role: host.role, fqdn, host }
    if (host.role === 'access-proxy') {
      const external = host.externalAddress ?? offset + 1
      return {
        ...place,
        faces: [
          face('internal', fqdn, ['perimeter'], (zone) => addressOf(zone, offset)),
          face('external', `${host.externalName}.${domain}`, ['internet'], (zone) => addressOf(zone, external)),
        ],
      }
    }
    const zones: readonly Zone[] =
      host.role === 'gateway' ? ['perimeter'] : inPerimeter.has(label) ? ['internal', 'perimeter'] : ['internal']
    return { ...place, faces: [face('internal', fqdn, zones, (zone) => addressOf(zone, offset))] }
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

/** `director` → `director.lab.test`; a name with a dot stays. */
export function fullName(site: Site, reference: string): string {
  return reference.includes('.') ? reference : `${reference}.${site.domain}`
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

/** Hosts an access proxy or a gateway talks to stand with one foot in the perimeter. */
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
    if (routes.some(({ nextHop }) => hosts[bare(nextHop)]?.role === 'gateway')) labels.add(label)
  }
  return labels
}

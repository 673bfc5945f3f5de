/** DNS records of a lab in three views: inside, perimeter (what an access proxy may know of the inside) and outside. */
import { addressIn, fullName, placeNamed, placesOf, sipPort, sipsPort } from './layout.ts'
import type { Place, Ports, Site } from './layout.ts'
import type { DnsRecord, DnsView, Listener } from './plan-types.ts'
import { addressRecord } from './dns-records.ts'

/** A site with what was derived so far. */
export interface DnsSite {
  readonly site: Site
  readonly listeners: ReadonlyMap<string, readonly Listener[]>
  /** False where the lab has no certificates, and so no pki host. */
  readonly secured: boolean
}

export function planDns(sites: readonly DnsSite[], ports: Ports, modern: boolean): readonly DnsView[] {
  const zones = sites.flatMap(({ site }) => site.domains)
  const external = sites.flatMap((site) => externalRecords(site, ports, modern))
  const first = sites[0]
  const views = sites.flatMap((site): readonly DnsView[] => {
    const { domain, domains, places } = site.site
    const dns = places.find(({ role }) => role === 'dns')
    const addresses = dns?.faces.find(({ name }) => name === 'internal')?.addresses
    if (dns === undefined || addresses?.internal === undefined || addresses.perimeter === undefined) return []
    const others = sites.filter((other) => other !== site).flatMap((other) => externalRecords(other, ports, modern))
    const views: DnsView[] = [
      {
        name: 'internal',
        organisation: domain,
        address: addresses.internal,
        port: ports.dns,
        zones,
        records: unique([...internalRecords(site, modern), ...others]),
      },
    ]
    if (placesOf(site.site, 'access-proxy', 'gateway').length > 0) {
      const records = unique([...perimeterRecords(site), ...external])
      views.push({
        name: 'perimeter',
        organisation: domain,
        address: addresses.perimeter,
        port: ports.dns,
        zones,
        records,
      })
    }
    if (site === first) {
      const address = dns.faces.find(({ name }) => name === 'external')?.address
      if (address !== undefined)
        views.push({ name: 'external', organisation: domain, address, port: ports.dns, zones, records: external })
    }
    return domains.length === 0 ? [] : views
  })
  return views
}

/** The host inside users sign in at: a director, else the first home. */
export function signInPlace(site: Site): { readonly place: Place; readonly fqdn: string } | undefined {
  const director = placesOf(site, 'director')[0]
  if (director !== undefined) return { place: director, fqdn: director.fqdn }
  const home = placesOf(site, 'standard-edition', 'front-end')[0]
  if (home === undefined) return undefined
  if (home.host.role === 'standard-edition') return { place: home, fqdn: home.fqdn }
  return { place: placeNamed(site, home.host.pool) ?? home, fqdn: `${home.host.pool}.${site.domain}` }
}

function internalRecords({ site, listeners, secured }: DnsSite, modern: boolean): readonly DnsRecord[] {
  const hosts = site.places
    .filter(({ role }) => secured || role !== 'pki')
    .flatMap((place) =>
      address(
        place.fqdn,
        addressIn(place, 'internal') ?? addressIn(place, 'perimeter'),
        hostReasons[place.role] ?? 'The host.',
      ),
    )
  const pools = [...new Set(placesOf(site, 'front-end').map(({ host }) => host.pool))].flatMap((pool) => {
    const target = placeNamed(site, pool)
    const why =
      target?.role === 'load-balancer' ? 'Pool name, on the load balancer.' : 'Pool name, on its only front end.'
    return target === undefined || target.label === pool
      ? []
      : address(`${pool}.${site.domain}`, addressIn(target, 'internal'), why)
  })
  const signIn = signInPlace(site)
  const open = signIn === undefined ? [] : (listeners.get(signIn.place.node) ?? [])
  const opens = (transport: string, port: number) =>
    open.some((listener) => listener.transport === transport && listener.port === port)
  const services = site.domains.flatMap((domain) => {
    if (signIn === undefined) return []
    const to = (name: string, port: number, why: string) => srv(`${name}.${domain}`, port, signIn.fqdn, why)
    return [
      ...(opens('tls', sipsPort) ? [to('_sipinternaltls._tcp', sipsPort, 'Inside users sign in over TLS here.')] : []),
      ...(opens('tcp', sipPort) ? [to('_sipinternal._tcp', sipPort, 'Inside users sign in over TCP here.')] : []),
      ...(opens('tls', sipsPort) && modern
        ? [to('_sips._tcp', sipsPort, 'RFC 3263 §4.1: SIP over TLS for the domain.')]
        : []),
      ...(opens('tcp', sipPort) ? [to('_sip._tcp', sipPort, 'RFC 3263 §4.1: SIP over TCP for the domain.')] : []),
      ...(opens('udp', sipPort) ? [to('_sip._udp', sipPort, 'RFC 3263 §4.1: SIP over UDP for the domain.')] : []),
    ]
  })
  return [...hosts, ...pools, ...services]
}

const hostReasons: Readonly<Record<string, string>> = {
  'access-proxy': 'Internal face of the access proxy.',
  'load-balancer': 'Pool name, on the load balancer.',
  pki: 'CRLs and issuer certificates.',
  dns: 'The name server.',
}

function perimeterRecords({ site, secured }: DnsSite): readonly DnsRecord[] {
  const edges = placesOf(site, 'access-proxy').flatMap((edge) => {
    const reachable = [...new Set([edge.host.nextHop, ...edge.host.internalServers])].flatMap((name) => {
      const target = placeNamed(site, name)
      const why =
        name === edge.host.nextHop
          ? 'Next hop of the access proxy.'
          : 'Inside server that may speak to the access proxy.'
      return target === undefined
        ? []
        : [...address(fullName(site, name), perimeterAddress(target), why), ...poolRecord(site, target)]
    })
    return [...address(edge.fqdn, addressIn(edge, 'perimeter'), 'Internal face of the access proxy.'), ...reachable]
  })
  const gateways = placesOf(site, 'gateway').flatMap((place) => [
    ...address(place.fqdn, addressIn(place, 'perimeter'), 'The gateway.'),
    ...trunkRecords(site, place),
  ])
  return unique([...edges, ...gateways, ...(secured ? pkiRecord(site, 'perimeter') : [])])
}

/** A front end Record-Routes with the name of its pool. */
function poolRecord(site: Site, { host }: Place): readonly DnsRecord[] {
  if (host?.role !== 'front-end') return []
  const target = placeNamed(site, host.pool)
  return target === undefined
    ? []
    : address(
        `${host.pool}.${site.domain}`,
        perimeterAddress(target),
        'Pool name, which is in the route sets of its calls.',
      )
}

function perimeterAddress(place: Place): string | undefined {
  return addressIn(place, 'perimeter') ?? addressIn(place, 'internal')
}

/** A voice service dials its trunks back by name. */
function trunkRecords(site: Site, gateway: Place): readonly DnsRecord[] {
  const trunks = placesOf(site, 'standard-edition', 'front-end').filter(({ host }) =>
    host.staticRoutes.some(({ nextHop }) => placeNamed(site, nextHop) === gateway),
  )
  return trunks.flatMap((trunk) => [
    ...address(trunk.fqdn, perimeterAddress(trunk), 'A trunk of the gateway.'),
    ...poolRecord(site, trunk),
  ])
}

function externalRecords({ site, secured }: DnsSite, ports: Ports, modern: boolean): readonly DnsRecord[] {
  const edge = placesOf(site, 'access-proxy')[0]
  if (edge === undefined) return []
  const at = addressIn(edge, 'internet')
  const records = site.domains.flatMap((domain) => {
    const name = `${edge.host.externalName}.${domain}`
    return [
      ...address(name, at, 'External face of the access proxy.'),
      ...(edge.host.allowOutsideUsers
        ? [srv(`_sip._tls.${domain}`, ports.edge, name, 'Remote users sign in here.')]
        : []),
      ...(edge.host.federation.enabled
        ? [srv(`_sipfederationtls._tcp.${domain}`, sipsPort, name, 'Partners find us here (enhanced federation).')]
        : []),
      ...(modern && edge.host.federation.enabled
        ? [srv(`_sips._tcp.${domain}`, sipsPort, name, 'RFC 3263 §4.1: SIP over TLS for the domain.')]
        : []),
    ]
  })
  return [...records, ...(secured ? pkiRecord(site, 'internet') : [])]
}

function pkiRecord(site: Site, zone: 'perimeter' | 'internet'): readonly DnsRecord[] {
  const pki = site.places.find(({ role }) => role === 'pki')
  return pki === undefined ? [] : address(pki.fqdn, addressIn(pki, zone), 'CRLs and issuer certificates.')
}

function address(name: string, address: string | undefined, why: string): readonly DnsRecord[] {
  return address === undefined ? [] : [addressRecord(name, address, why)]
}

function srv(name: string, port: number, target: string, why: string): DnsRecord {
  return { kind: 'srv', name, priority: 0, weight: 0, port, target, why }
}

/** The first of two equal records stays. */
function unique(records: readonly DnsRecord[]): readonly DnsRecord[] {
  const key = (record: DnsRecord) =>
    record.kind === 'srv' ? `srv ${record.name} ${record.target}` : `${record.kind} ${record.name}`
  return [...new Map([...records].reverse().map((record) => [key(record), record])).values()].reverse()
}

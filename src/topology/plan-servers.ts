/** What leads to the servers of an organisation: every name and address, with the ports that are open there. */
import type { Place, Ports, Site } from './layout.ts'
import type { DnsRecord, DnsView, Listener, ServerPlace } from './plan-types.ts'

/** Servers of somebody else that the lab file has for this organisation are among them. */
export function planServers(
  site: Site,
  listeners: ReadonlyMap<string, readonly Listener[]>,
  dns: readonly DnsView[],
  ports: Ports,
): readonly ServerPlace[] {
  const records = dns.flatMap((view) => view.records)
  const own = site.places.map((place) => {
    const open = [...(listeners.get(place.node) ?? []), ...place.faces]
    const addresses = open.flatMap((each) => ('addresses' in each ? Object.values(each.addresses) : [each.address]))
    const names = [place.fqdn, ...place.faces.flatMap((face) => [face.fqdn, face.address]), ...poolOf(site, place)]
    return {
      hosts: withAliases([...names, ...addresses], records),
      ports: openPorts(place, listeners, ports),
      ...(place.role === 'gateway' ? { kind: 'gateway' as const } : {}),
    }
  })
  const foreign = site.foreign.map(({ fqdn, host }) => ({
    hosts: withAliases([fqdn, host.address], records),
    ports: [host.port],
    kind: 'foreign' as const,
  }))
  return [...own, ...foreign]
}

/** Behind a load balancer the name of the pool is that of the balancer too. */
function poolOf(site: Site, { host }: Place): readonly string[] {
  return host?.role === 'front-end' ? [`${host.pool}.${site.domain}`] : []
}

function openPorts(
  { node, role, host }: Place,
  listeners: ReadonlyMap<string, readonly Listener[]>,
  ports: Ports,
): readonly number[] {
  const own = (listeners.get(node) ?? []).map(({ port }) => port)
  const others = role === 'dns' ? [ports.dns] : role === 'pki' ? [ports.pki] : host?.role === 'sql' ? [host.port] : []
  return [...new Set([...own, ...others])]
}

/** With the names that lead there by the DNS, over any number of records. */
function withAliases(hosts: readonly string[], records: readonly DnsRecord[]): readonly string[] {
  const known = new Set(hosts)
  for (let before = -1; before !== known.size; ) {
    before = known.size
    for (const record of records) if (leadsTo(record, known)) known.add(nameOf(record))
  }
  return [...known]
}

function leadsTo(record: DnsRecord, hosts: ReadonlySet<string>): boolean {
  switch (record.kind) {
    case 'a':
    case 'aaaa':
      return hosts.has(record.address)
    case 'cname':
    case 'srv':
      return hosts.has(record.target)
    case 'naptr':
      return hosts.has(record.replacement)
    default:
      return record satisfies never
  }
}

/** `_sip._tcp.lab.test` is a service of `lab.test`. */
function nameOf({ kind, name }: DnsRecord): string {
  return kind === 'srv' ? name.replace(/^_[^.]+\._[^.]+\./, '') : name
}

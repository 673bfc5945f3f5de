/** Faults of meaning in a host of role `foreign`: names that lead nowhere, a root without a use. */
import type { Fault } from './document.ts'
import type { ForeignHost, Host } from './hosts.ts'

type Hosts = Readonly<Record<string, Host | ForeignHost>>

const accepting: ReadonlySet<string> = new Set(['standard-edition', 'front-end', 'access-proxy', 'load-balancer'])

/** @param path of this host */
export function checkForeign(
  { hosts, domain }: { readonly hosts: Hosts; readonly domain: string },
  label: string,
  host: ForeignHost,
  path: Fault['path'],
): Fault | undefined {
  const own = host.certificate === 'own'
  if (own && host.root === undefined)
    return { path, wanted: 'root, the PEM file of its CA, beside certificate: own', found: 'none' }
  if (!own && host.root !== undefined)
    return { path: [...path, 'root'], wanted: 'certificate: own beside it', found: `certificate: ${host.certificate}` }
  return checkDials(hosts, domain, host, path) ?? checkName(hosts, domain, label, path) ?? checkPort(hosts, label, path)
}

function checkDials(hosts: Hosts, domain: string, { dials }: ForeignHost, path: Fault['path']): Fault | undefined {
  const pools = Object.values(hosts).flatMap((host) => (host.role === 'front-end' ? [host.pool] : []))
  const known = [...Object.keys(hosts).filter((each) => accepting.has(hosts[each]?.role ?? '')), ...pools]
  const at = dials.findIndex((name) => !known.includes(name.replace(new RegExp(`\\.${domain}$`), '')))
  if (at === -1) return undefined
  return {
    path: [...path, 'dials', at],
    wanted: `a home, a pool or an access proxy of this file (${[...new Set(known)].join(', ')})`,
    found: `"${dials[at] ?? ''}"`,
  }
}

function nameOf(hosts: Hosts, domain: string, label: string): string {
  const host = hosts[label]
  return (host?.role === 'foreign' ? host.name : undefined) ?? `${label}.${domain}`
}

/** Two servers under one name: the DNS would lead to one of them. */
function checkName(hosts: Hosts, domain: string, label: string, path: Fault['path']): Fault | undefined {
  const own = nameOf(hosts, domain, label)
  const other = Object.keys(hosts).find((each) => each !== label && nameOf(hosts, domain, each) === own)
  return other === undefined
    ? undefined
    : { path: [...path, 'name'], wanted: 'a name of its own', found: `"${own}", which is the name of "${other}"` }
}

/** A direct partner is dialled at 5061; the lab file has no other place for its port. */
function checkPort(hosts: Hosts, label: string, path: Fault['path']): Fault | undefined {
  const host = hosts[label]
  if (host?.role !== 'foreign' || host.port === 5061) return undefined
  const isPartner = Object.values(hosts).some(
    (each) => each.role === 'access-proxy' && each.federation.partners.some(({ edge }) => edge === host.name),
  )
  return isPartner
    ? {
        path: [...path, 'port'],
        wanted: '5061, where an access proxy dials a direct partner',
        found: String(host.port),
      }
    : undefined
}

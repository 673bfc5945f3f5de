/**
 * Names in a cluster. The lab's own come from the plan; each leads to a service, and only the cluster knows where that
 * is. All other names are the system's business.
 */
import { promises as dns } from 'node:dns'
import type { DnsRecord, DnsView } from '../topology/plan-types.ts'
import { ResolveError, type Resolver } from '../sip/transport/dial/resolver.ts'

type Names = Pick<DnsView, 'zones' | 'records'>
/** All addresses of a service in one family; an empty list where it has none. */
type LookUp = (service: string, family: 4 | 6) => Promise<readonly string[]>

const longestChain = 8

/**
 * @param names the view of the node, with CNAME records that lead to services
 * @param system for names outside the zones of the lab
 * @param lookUp the system's search list counts (`fe1` is `fe1.NAMESPACE.svc.cluster.local`), so it is not asked as DNS
 */
export function clusterResolver(names: Names, system: Resolver, lookUp: LookUp = systemLookUp): Resolver {
  const own = <T>(name: string, records: readonly T[], ask: () => Promise<readonly T[]>): Promise<readonly T[]> =>
    records.length > 0 || isInZones(names, name) ? Promise.resolve(records) : ask()
  return {
    naptr: (name) =>
      own(
        name,
        of(names, 'naptr', name).map(({ services: service, ...record }) => ({ service, ...record })),
        () => system.naptr(name),
      ),
    srv: (name) => own(name, of(names, 'srv', name), () => system.srv(name)),
    a: (name) => addresses(names, 'a', name, (host) => lookUp(host, 4), system.a),
    aaaa: (name) => addresses(names, 'aaaa', name, (host) => lookUp(host, 6), system.aaaa),
  }
}

/** Where a name of the lab leads: `fe1.lab.test` to `fe1`. A name that leads nowhere stays. */
export function serviceOf(names: Names, name: string): string {
  let at = name
  for (let step = 0; step < longestChain; step += 1) {
    const [alias] = of(names, 'cname', at)
    if (alias === undefined) return at
    at = alias.target
  }
  return at
}

async function addresses(
  names: Names,
  kind: 'a' | 'aaaa',
  name: string,
  ofService: (service: string) => Promise<readonly string[]>,
  ofStranger: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const host = serviceOf(names, name)
  const written = of(names, kind, host).map(({ address }) => address)
  if (written.length > 0) return written
  if (host !== name && !host.includes('.')) return ofService(host)
  return isInZones(names, host) ? [] : ofStranger(host)
}

function of<K extends DnsRecord['kind']>(
  { records }: Names,
  kind: K,
  name: string,
): readonly Extract<DnsRecord, { kind: K }>[] {
  const wanted = name.toLowerCase()
  return records.filter(
    (record): record is Extract<DnsRecord, { kind: K }> => record.kind === kind && record.name === wanted,
  )
}

function isInZones({ zones }: Names, name: string): boolean {
  const wanted = name.toLowerCase()
  return zones.some((zone) => wanted === zone || wanted.endsWith(`.${zone}`))
}

async function systemLookUp(service: string, family: 4 | 6): Promise<readonly string[]> {
  try {
    return (await dns.lookup(service, { family, all: true })).map(({ address }) => address)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOTFOUND' || code === 'ENODATA') return []
    throw new ResolveError(`${family === 4 ? 'A' : 'AAAA'} ${service}`, error)
  }
}

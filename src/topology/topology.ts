/**
 * The lab file: one YAML document describes a whole lab. Everything that can be derived from it is derived by the
 * planner.
 */
import { z } from 'zod'
import { checkForeign } from './check-foreign.ts'
import { plannedRecord } from './dns-records.ts'
import type { Fault } from './document.ts'
import { findPeers } from '../peers/index.ts'
import { host } from './hosts.ts'
import type { Host } from './hosts.ts'
import { playsOf } from './plays.ts'
import { digestAlgorithms, keyType, profileName, whenDatabaseIsAway, whenOwnCertificateEnds } from './profile.ts'
import type { Profile } from './profile.ts'
import { domainName, group, hostLabel, port, setting, text } from './settings.ts'

const user = group({
  password: setting(text, { doc: 'Its password. This is a lab: passwords are in the file.' }),
  home: setting(hostLabel, { doc: 'Label of its home: a pool or a Standard Edition host.' }),
  remote: setting(z.boolean().default(false), { doc: 'May sign in from outside.' }),
  anonymousCalls: setting(z.boolean().optional(), {
    doc:
      'Accepts calls and messages from a server that does not say who sent them. Absent: those that come by a ' +
      'static route.',
  }),
})

const loginName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { error: 'a login in lower case, such as "alice"' })

const organisation = {
  domain: setting(domainName, { doc: 'SIP domain, and the DNS zone of its hosts.', mirrors: 'MSFT_SIPDomainData' }),
  moreDomains: setting(z.array(domainName).max(16).default([]), {
    doc: 'Further SIP domains it serves.',
    mirrors: 'MSFT_SIPDomainData',
  }),
  hosts: setting(z.record(hostLabel, host), {
    doc: 'Its hosts by label; `fe1` becomes `fe1.lab.test`. The hosts `dns` and `pki` are added by the planner.',
  }),
  users: setting(z.record(loginName, user).default({}), {
    doc: 'Its users by login; `alice` becomes `sip:alice@lab.test`.',
  }),
}

/** N where the lab file gives none. */
export const firstNetwork = 41

export const topologySchema = group({
  name: setting(hostLabel, { doc: 'Name of the lab; the file carries the same name.' }),
  about: setting(text, { doc: 'One sentence for `siplab plan`.' }),
  profile: setting(profileName, { doc: 'The rules in force, a file of config/profiles/.' }),
  network: setting(z.union([z.int().min(1).max(254), z.literal('ipv6')]).default(firstNetwork), {
    doc: 'N of the addresses 127.0.N.0/24. `ipv6`: addresses of fd51:1ab:41::/48 (docs/ipv6.md).',
  }),
  peerPolicy: setting(z.enum(['none', 'public-2026']).default('none'), {
    doc: '`public-2026`: public certificates carry no clientAuth any more.',
  }),
  realm: setting(text.default('SIP Communications Service'), { doc: 'Realm of every challenge.' }),
  authentication: setting(
    group({
      algorithms: setting(digestAlgorithms.optional(), {
        doc:
          'Digest algorithms of every challenge, the preferred one first. Absent: the value of the profile. ' +
          "siplab's own phone knows MD5 only.",
      }),
      ntlm: setting(z.enum(['on', 'off']).optional(), {
        doc: 'Whether challenges offer NTLM behind Digest. Absent: the value of the profile.',
      }),
    }).prefault({}),
    { doc: 'Departures from what the profile says about the authentication of users.' },
  ),
  store: setting(z.enum(['sqlite', 'postgres']).default('sqlite'), { doc: '`postgres` needs a host of role `sql`.' }),
  ports: setting(
    group({
      edge: setting(port.optional(), {
        doc: "Stands for the edge's 443. Absent: 10443 on this machine, 443 in containers.",
      }),
      wss: setting(port.default(8443), { doc: 'SIP over secure WebSocket.' }),
      dns: setting(port.default(10053), { doc: 'The DNS server, UDP and TCP.' }),
      pki: setting(port.optional(), {
        doc: 'CRLs and issuer certificates by HTTP. Absent: 10080 on this machine, 80 in containers.',
      }),
    }).prefault({}),
    { doc: 'Ports that replace standard ports, so that the lab needs no root.' },
  ),
  dns: setting(
    group({
      records: setting(z.array(plannedRecord).max(256).default([]), {
        doc:
          'Records beside those that the planner derives. A record here replaces the derived ones of its name and ' +
          'kind. `kind` is `a`, `aaaa`, `cname`, `srv` or `naptr`.',
      }),
    }).prefault({}),
    { doc: 'The DNS of the lab.' },
  ),
  certificates: setting(
    group({
      validSeconds: setting(z.int().min(1).optional(), {
        doc: 'Validity of node certificates in seconds. Absent: the value of the profile.',
      }),
      keyType: setting(keyType.optional(), { doc: 'Absent: the value of the profile.' }),
    }).prefault({}),
    { doc: 'Departures from what the profile says about certificates.' },
  ),
  whenOwnCertificateEnds: setting(whenOwnCertificateEnds.optional(), {
    doc: 'For every node. Absent: the value of the profile.',
  }),
  whenDatabaseIsAway: setting(whenDatabaseIsAway.default('by-kind'), {
    doc:
      'What a server does that starts while the pool store or the directory is away. `by-kind`: it waits for a ' +
      'database server; a file beside it ends the start under `lcs2005` and `ocs2007`. `wait`: it starts without, ' +
      'and asks again every second. `die`: it ends with the chain of events, as the servers of that time did.',
  }),
  ...organisation,
  partners: setting(
    z
      .array(
        group({ name: setting(hostLabel, { doc: 'Goes before its node names: `partner-fe1`.' }), ...organisation }),
      )
      .max(1)
      .default([]),
    {
      doc: 'A further organisation with hosts, users and an internal CA of its own.',
    },
  ),
})

export type TopologyFile = z.infer<typeof topologySchema>

/** A lab file that was checked, with its profile at hand. */
export interface Topology extends Omit<TopologyFile, 'profile'> {
  readonly profile: Profile
}

/** One organisation of a lab; `prefix` goes before its node names, empty for the first. */
export interface Organisation {
  readonly prefix: string
  readonly domain: string
  readonly moreDomains: readonly string[]
  readonly hosts: TopologyFile['hosts']
  readonly users: TopologyFile['users']
}

/** The organisations of a lab: its own, then its partner. */
export function organisations(
  topology: Pick<TopologyFile, 'domain' | 'moreDomains' | 'hosts' | 'users' | 'partners'>,
): readonly Organisation[] {
  const { domain, moreDomains, hosts, users } = topology
  return [
    { prefix: '', domain, moreDomains, hosts, users },
    ...topology.partners.map(({ name, ...partner }) => ({ prefix: `${name}-`, ...partner })),
  ]
}

/**
 * Faults of meaning, which no schema can see: names that lead nowhere, pools without a balancer, addresses given twice.
 */
export function checkTopology(file: TopologyFile): Fault | undefined {
  return (
    organisations(file)
      .map((organisation, at) => checkOrganisation(organisation, at === 0 ? [] : ['partners', at - 1], file.store))
      .find((fault) => fault !== undefined) ?? checkRecords(file)
  )
}

/** The lab's DNS answers for its own domains, and for the names of foreign servers. */
function checkRecords(file: TopologyFile): Fault | undefined {
  const foreign = Object.values(file.hosts).flatMap((host) => (host.role === 'foreign' ? (host.name ?? []) : []))
  const domains = [...organisations(file).flatMap(({ domain, moreDomains }) => [domain, ...moreDomains]), ...foreign]
  const at = file.dns.records.findIndex(
    ({ name }) => !domains.some((domain) => name === domain || name.endsWith(`.${domain}`)),
  )
  const record = file.dns.records[at]
  if (record === undefined) return undefined
  return {
    path: ['dns', 'records', at, 'name'],
    wanted: `a name in a domain of this lab (${domains.join(', ')})`,
    found: `"${record.name}"`,
  }
}

function checkOrganisation(
  organisation: Organisation,
  base: readonly (string | number)[],
  store: TopologyFile['store'],
): Fault | undefined {
  const { hosts, users, domain } = organisation
  const path: PathOf = (...steps) => [...base, ...steps]
  return (
    firstOf(Object.keys(hosts), (label) => checkHost(hosts, label, path)) ??
    firstOf(Object.entries(hosts), ([label, host]) =>
      host.role === 'foreign' ? checkForeign({ hosts, domain }, label, host, path('hosts', label)) : undefined,
    ) ??
    checkPools(hosts, path) ??
    checkUsers(hosts, users, path) ??
    (base.length === 0 ? checkStore(hosts, store) : undefined) ??
    sharedAddress(hosts, path)
  )
}

type Hosts = TopologyFile['hosts']
type PathOf = (...steps: readonly (string | number)[]) => readonly (string | number)[]

function firstOf<T>(values: readonly T[], check: (value: T) => Fault | undefined): Fault | undefined {
  for (const value of values) {
    const fault = check(value)
    if (fault !== undefined) return fault
  }
  return undefined
}

const reservedLabels: ReadonlyMap<string, string> = new Map([
  ['dns', 'the DNS server'],
  ['pki', 'the PKI host'],
])

/** A day without rules is no rehearsal, and a day without a peer is a slip. */
function checkGateway(host: Extract<Host, { role: 'gateway' }>, path: Fault['path']): Fault | undefined {
  if (host.peer === undefined)
    return host.on === undefined
      ? undefined
      : { path: [...path, 'on'], wanted: 'peer, whose rules hold on that day', found: `"${host.on}" alone` }
  if (playsOf(host).plays !== undefined) return undefined
  const since = findPeers(host.peer)[0]?.periods[0]?.since ?? ''
  return { path: [...path, 'on'], wanted: `${since} or later: nothing is known before`, found: `"${host.on ?? ''}"` }
}

function checkHost(hosts: Hosts, label: string, path: PathOf): Fault | undefined {
  const host = hosts[label]
  const reserved = reservedLabels.get(label)
  if (reserved !== undefined)
    return {
      path: path('hosts', label),
      wanted: 'another label',
      found: `"${label}", which is ${reserved} that every lab has`,
    }
  const names = [...Object.keys(hosts), ...homeLabels(hosts)]
  if (host?.role === 'access-proxy' && !host.nextHop.includes('.') && !names.includes(host.nextHop))
    return {
      path: path('hosts', label, 'nextHop'),
      wanted: `a host of this file (${names.join(', ')}) or a full domain name`,
      found: `"${host.nextHop}"`,
    }
  if (host?.role === 'front-end' && hosts[host.pool] !== undefined && hosts[host.pool]?.role !== 'load-balancer')
    return {
      path: path('hosts', label, 'pool'),
      wanted: 'a pool name that is no server (the pool FQDN must differ from the front end)',
      found: `"${host.pool}"`,
    }
  if (host === undefined) return undefined
  const fault = checkRefusals(host, label, path)
  return fault === undefined && host.role === 'gateway' ? checkGateway(host, path('hosts', label)) : fault
}

/** A stranger gets no explanation. */
function checkRefusals(host: Hosts[string], label: string, path: PathOf): Fault | undefined {
  const listeners = 'listeners' in host ? host.listeners : []
  const at = listeners.findIndex(({ face, refusals }) => face === 'external' && refusals === 'explained')
  return at === -1
    ? undefined
    : {
        path: path('hosts', label, 'listeners', at, 'refusals'),
        wanted: 'silent on an external face: strangers are not told why they are refused',
        found: '"explained"',
      }
}

function checkPools(hosts: Hosts, path: PathOf): Fault | undefined {
  const crowded = crowdedPool(hosts)
  return crowded === undefined
    ? undefined
    : {
        path: path('hosts', crowded.frontEnd),
        wanted: `a host "${crowded.pool}" of role load-balancer before several front ends`,
        found: 'none',
      }
}

function checkUsers(hosts: Hosts, users: Organisation['users'], path: PathOf): Fault | undefined {
  const homes = homeLabels(hosts)
  return firstOf(Object.entries(users), ([login, { home }]) =>
    homes.includes(home)
      ? undefined
      : {
          path: path('users', login, 'home'),
          wanted: `a home of this lab (${homes.join(', ') || 'it has none'})`,
          found: `"${home}"`,
        },
  )
}

function checkStore(hosts: Hosts, store: TopologyFile['store']): Fault | undefined {
  return store === 'postgres' && !Object.values(hosts).some(({ role }) => role === 'sql')
    ? { path: ['store'], wanted: 'a host of role sql for the store "postgres"', found: 'none' }
    : undefined
}

/** Labels where users can be at home: Standard Edition hosts and pool names. */
function homeLabels(hosts: TopologyFile['hosts']): readonly string[] {
  const homes = Object.entries(hosts).flatMap(([label, host]) => {
    if (host.role === 'standard-edition') return [label]
    return host.role === 'front-end' ? [host.pool] : []
  })
  return [...new Set(homes)]
}

function crowdedPool(hosts: TopologyFile['hosts']): { readonly pool: string; readonly frontEnd: string } | undefined {
  const seen = new Set<string>()
  for (const [frontEnd, host] of Object.entries(hosts)) {
    if (host.role !== 'front-end') continue
    if (seen.has(host.pool) && hosts[host.pool] === undefined) return { pool: host.pool, frontEnd }
    seen.add(host.pool)
  }
  return undefined
}

function sharedAddress(
  hosts: TopologyFile['hosts'],
  path: (...steps: readonly (string | number)[]) => readonly (string | number)[],
): Fault | undefined {
  const seen = new Map<number, string>()
  for (const [label, host] of Object.entries(hosts)) {
    if (host.role === 'foreign' || host.address === undefined) continue
    const other = seen.get(host.address)
    if (other !== undefined)
      return {
        path: path('hosts', label, 'address'),
        wanted: 'an address of its own',
        found: `${host.address}, which is the address of "${other}"`,
      }
    seen.set(host.address, label)
  }
  return undefined
}

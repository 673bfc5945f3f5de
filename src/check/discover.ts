/**
 * Discovery: from a domain to the places a client of that profile would try, in its order, with every question it asked
 * on the way.
 */
import { isIP } from 'node:net'
import { locate, LocateError } from '../sip/transport/dial/locate.ts'
import { ResolveError, type Resolver, type SrvRecord } from '../sip/transport/dial/resolver.ts'
import type { Done, CheckLog } from './check-log.ts'
import type { CheckProfile, Lookup } from './profiles.ts'
import { failure, fine, note, warning, type Finding } from './step.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/** A place to dial. */
export interface Candidate {
  readonly host: string
  readonly port: number
  readonly transport: 'tls' | 'tcp' | 'wss'
  /** Numeric; never empty. */
  readonly addresses: readonly string[]
  /** The certificate must carry one of these. */
  readonly names: readonly string[]
  /** Why it is tried: `SRV _sip._tls.lab.test`. */
  readonly found: string
}

export interface DiscoveryOptions {
  readonly profile: CheckProfile
  readonly resolver: Resolver
  /** A suffix is enough for the strict naming rule (policy DisableStrictDNSNaming). */
  readonly relaxedNaming: boolean
}

/** Asks every question of the profile in order; the candidates are in the order in which the client would dial them. */
export async function discoverDomain(
  log: CheckLog,
  domain: string,
  options: DiscoveryOptions,
): Promise<readonly Candidate[]> {
  return log.step('discovery', `discovery of ${domain} as ${options.profile.name}`, async (inner) => {
    const candidates: Candidate[] = []
    let srvSeen = false
    for (const lookup of options.profile.lookups) {
      if (lookup.kind === 'srv' && srvSeen && options.profile.firstSrvOnly) continue
      const found = await ask(inner, lookup, domain, options)
      srvSeen ||= lookup.kind === 'srv' && found.exists
      candidates.push(...found.candidates)
    }
    return { finding: discovered(domain, candidates, inner), value: candidates }
  })
}

/** One place given by hand: its addresses are all that DNS is asked for. */
export async function discoverHost(
  log: CheckLog,
  place: GivenPlace,
  resolver: Resolver,
): Promise<readonly Candidate[]> {
  const { host, address } = place
  return log.step('discovery', `address of ${host}`, async () => {
    if (isIP(host) !== 0)
      return { finding: fine('An address needs no discovery.'), value: [candidateOf(place, [host])] }
    const found = await addressesOf(host, resolver)
    if (address === undefined)
      return 'outcome' in found
        ? { finding: found, value: [] }
        : {
            finding: fine(`${host} is ${found.join(', ')}.`, { addresses: [...found] }),
            value: [candidateOf(place, found)],
          }
    return { finding: compared(host, address, found), value: [candidateOf(place, [address])] }
  })
}

/** A place given by hand, or by the plan of a lab. */
export interface GivenPlace {
  readonly host: string
  readonly port: number
  readonly transport: 'tls' | 'tcp' | 'wss'
  readonly found: string
  /** Dialled whatever the DNS says. */
  readonly address?: string
}

function candidateOf({ host, port, transport, found }: GivenPlace, addresses: readonly string[]): Candidate {
  return { host, port, transport, found, addresses, names: [host] }
}

/** The address is fixed; a DNS that knows another one, or none, is worth a word. */
function compared(host: string, address: string, found: readonly string[] | Finding): Finding {
  const evidence = { dialled: address, ...('outcome' in found ? {} : { dns: [...found] }) }
  if ('outcome' in found)
    return { ...fine(`${address} is dialled; the DNS has no address for ${host}.`, evidence), outcome: 'note' }
  if (found.includes(address)) return fine(`${host} is ${address}.`, evidence)
  return warning(
    'dns.wrong-target',
    { found: `${host} is ${found.join(', ')} in the DNS; ${address} is dialled here` },
    evidence,
  )
}

interface Found {
  /** The record exists, usable or not. */
  readonly exists: boolean
  readonly candidates: readonly Candidate[]
}

const nothing: Found = { exists: false, candidates: [] }

function discovered(domain: string, candidates: readonly Candidate[], { steps }: CheckLog): Finding {
  const [first] = candidates
  if (first !== undefined)
    return fine(
      `${candidates.length === 1 ? 'One server address' : `${candidates.length} server addresses`}; the first is ` +
        `${endpointText(first.host, first.port)} (${first.found}).`,
      { order: candidates.map(({ host, port, found }) => `${endpointText(host, port)} ${found}`) },
    )
  const worst = steps.find(({ outcome }) => outcome === 'failed')
  if (worst?.verdict !== undefined) return { ...worst, sentence: `No server address is left to try. ${worst.sentence}` }
  return failure('dns.not-found', {
    message: `Nothing in the DNS says where the servers of ${domain} are`,
    fix: `publish one of these records: ${steps.map(({ title }) => title).join(', ')}`,
  })
}

async function ask(log: CheckLog, lookup: Lookup, domain: string, options: DiscoveryOptions): Promise<Found> {
  switch (lookup.kind) {
    case 'srv':
      return askSrv(log, lookup, domain, options)
    case 'a':
      return askAddress(log, lookup, domain, options)
    case 'rfc3263':
      return askRfc3263(log, domain, options)
    default:
      return lookup satisfies never
  }
}

async function askSrv(
  log: CheckLog,
  { name, transport }: Extract<Lookup, { kind: 'srv' }>,
  domain: string,
  options: DiscoveryOptions,
): Promise<Found> {
  const service = name.replace('{}', domain)
  return log.step(`discovery.${name.replace('.{}', '')}`, `SRV ${service}`, async (): Promise<Done<Found>> => {
    const records = await answerOf(() => options.resolver.srv(service))
    if ('outcome' in records) return { finding: records, value: nothing }
    const [best] = [...records].sort(bySrvOrder)
    if (best === undefined)
      return { finding: note('dns.not-found', { message: `There is no record SRV ${service}` }), value: nothing }
    const evidence = { records: records.map(srvText) }
    const useless = uselessTarget(best.target, service, domain, options)
    if (useless !== undefined) return { finding: { ...useless, evidence }, value: { exists: true, candidates: [] } }
    const addresses = await addressesOf(best.target, options.resolver)
    if ('outcome' in addresses) return { finding: { ...addresses, evidence }, value: { exists: true, candidates: [] } }
    const candidate: Candidate = {
      host: best.target.toLowerCase(),
      port: best.port,
      transport,
      addresses,
      names: wantedNames(best.target, domain, options),
      found: `SRV ${service}`,
    }
    return {
      finding: fine(`It points to ${best.target}:${best.port} (${addresses.join(', ')}).`, {
        ...evidence,
        addresses: [...addresses],
      }),
      value: { exists: true, candidates: [candidate] },
    }
  })
}

/** A target that no client dials: none at all, or one that strict naming forbids. */
function uselessTarget(
  target: string,
  service: string,
  domain: string,
  { profile, relaxedNaming }: DiscoveryOptions,
): Finding | undefined {
  if (target === '.')
    return note('dns.not-found', {
      message: `SRV ${service} says that the service is not offered (target ".", RFC 2782)`,
    })
  if (profile.naming !== 'strict' || isNamedIn(target, domain, relaxedNaming)) return undefined
  return failure('dns.srv-outside-domain', {
    found: `${target} is not a host directly in ${domain}`,
    rule:
      'strict naming: the target of the SRV record is a host directly in the SIP domain (policy ' +
      'DisableStrictDNSNaming relaxes it)',
  })
}

async function askAddress(
  log: CheckLog,
  { name, port, transport }: Extract<Lookup, { kind: 'a' }>,
  domain: string,
  options: DiscoveryOptions,
): Promise<Found> {
  const host = name.replace('{}', domain)
  return log.step(
    `discovery.${name.replace('.{}', '').replace('{}', 'domain')}:${port}`,
    `A ${host}, port ${port}`,
    async (): Promise<Done<Found>> => {
      const addresses = await answerOf(() => bothFamilies(host, options.resolver))
      if ('outcome' in addresses) return { finding: addresses, value: nothing }
      if (addresses.length === 0)
        return { finding: note('dns.not-found', { message: `${host} has no address` }), value: nothing }
      const candidate: Candidate = {
        host,
        port,
        transport,
        addresses,
        names: wantedNames(host, domain, options),
        found: `A ${host}`,
      }
      return {
        finding: fine(`${host} is ${addresses.join(', ')}.`, { addresses: [...addresses] }),
        value: { exists: true, candidates: [candidate] },
      }
    },
  )
}

async function askRfc3263(log: CheckLog, domain: string, { resolver }: DiscoveryOptions): Promise<Found> {
  return log.step('discovery.rfc3263', `NAPTR, SRV and addresses of ${domain}`, async (): Promise<Done<Found>> => {
    try {
      const hops = await locate({ secure: true, host: domain, port: undefined, transport: undefined }, resolver, {
        supported: ['tls'],
        face: 'check',
        nameRule: 'domain-first',
        random: Math.random,
      })
      const candidates = hops.map(
        (hop): Candidate => ({
          host: hop.host ?? hop.address,
          port: hop.port,
          transport: 'tls',
          addresses: [hop.address],
          names: [domain],
          found: `RFC 3263 ${domain}`,
        }),
      )
      const places = hops.map(({ host = '', address, port }) => `${host} ${endpointText(address, port)}`)
      return {
        finding: fine(`It points to ${places.join(', ')}.`),
        value: { exists: true, candidates },
      }
    } catch (error) {
      if (!(error instanceof LocateError)) throw error
      return {
        finding: failure(error.code === 'route.no-transport' ? 'dns.not-found' : error.code, { found: error.message }),
        value: nothing,
      }
    }
  })
}

/** RFC 5922 compares the domain that was asked for; LCS and OCS what was dialled. */
function wantedNames(host: string, domain: string, { profile }: DiscoveryOptions): readonly string[] {
  return [profile.wantedName === 'domain' ? domain : host.toLowerCase()]
}

/** Directly in the domain: `sip.lab.test` in `lab.test`, not `sip.eu.lab.test` and not `sip.example.net`. */
export function isNamedIn(target: string, domain: string, relaxed: boolean): boolean {
  const host = target.toLowerCase().replace(/\.$/, '')
  if (host === domain) return true
  if (!host.endsWith(`.${domain}`)) return false
  return relaxed || !host.slice(0, -domain.length - 1).includes('.')
}

function bySrvOrder(one: SrvRecord, other: SrvRecord): number {
  return one.priority - other.priority || other.weight - one.weight
}

function srvText({ priority, weight, port, target }: SrvRecord): string {
  return `${priority} ${weight} ${port} ${target}`
}

async function addressesOf(host: string, resolver: Resolver): Promise<readonly string[] | Finding> {
  if (isIP(host) !== 0) return [host]
  const addresses = await answerOf(() => bothFamilies(host, resolver))
  if ('outcome' in addresses) return addresses
  return addresses.length > 0
    ? addresses
    : failure('dns.not-found', { message: `${host} has no address`, fix: `add an A record for ${host}` })
}

async function bothFamilies(host: string, resolver: Resolver): Promise<readonly string[]> {
  const v4 = await resolver.a(host)
  return v4.length > 0 ? v4 : resolver.aaaa(host)
}

async function answerOf<T extends readonly unknown[]>(question: () => Promise<T>): Promise<T | Finding> {
  try {
    return await question()
  } catch (error) {
    if (error instanceof ResolveError)
      return failure('dns.unreachable', {
        found: error.message,
        fix: 'name a DNS server that answers: --dns ADDRESS:PORT',
      })
    throw error
  }
}

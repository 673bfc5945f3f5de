/** From a URI to the addresses to try, in order: transport, port and host by DNS (RFC 3263). */
import { isIP, isIPv6 } from 'node:net'
import type { SipUri } from '../../message/types.ts'
import type { TransportName } from '../flow.ts'
import { ResolveError, type NaptrRecord, type Resolver, type SrvRecord } from './resolver.ts'
import { defaultPorts, isSecure, naptrServices, srvPrefixes } from './transport-choice.ts'
import type { NextHop } from '../types.ts'

/** What of a URI decides where it leads. */
export interface LocateTarget {
  readonly secure: boolean
  /** Name or address; IPv6 without brackets. */
  readonly host: string
  readonly port: number | undefined
  /** From `;transport=`, e.g. `tls`; undefined: DNS decides. */
  readonly transport: string | undefined
}

export interface LocateOptions {
  /** Transports of this node, most wanted first: [`tls`, `tcp`, `udp`]. */
  readonly supported: readonly TransportName[]
  readonly face: string
  /**
   * Which name the certificate must carry. `dialled-fqdn`: the SRV target or the configured host (LCS 2005, OCS 2007);
   * `domain-first`: the domain that was asked for, before DNS (RFC 5922 §7.2).
   */
  readonly nameRule: 'dialled-fqdn' | 'domain-first'
  /** From 0 to below 1, for SRV weights. */
  readonly random: () => number
  /** Address families, the preferred first; default IPv4, then IPv6. */
  readonly families?: readonly (4 | 6)[]
}

/** Nothing to try. `dns.not-found`, `dns.unreachable`, or `route.no-transport`: none that both ends speak. */
export class LocateError extends Error {
  readonly code: 'dns.not-found' | 'dns.unreachable' | 'route.no-transport'

  constructor(code: LocateError['code'], message: string, cause: unknown = undefined) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'LocateError'
    this.code = code
  }
}

/** An SRV name reduces to these: a host, a port and a transport whose addresses are still to be found. */
interface Candidate {
  readonly transport: TransportName
  readonly host: string
  readonly port: number
}

/** More SRV targets than this are not looked up. */
const mostTargets = 16

/** `maddr` takes the place of the host (RFC 3261 §16.6 step 7, RFC 3263 §4). */
export function locateTarget(uri: SipUri): LocateTarget {
  const host = uri.parameters.get('maddr') ?? uri.host
  return {
    secure: uri.scheme === 'sips',
    host: withoutBrackets(host),
    port: uri.port,
    transport: uri.parameters.get('transport')?.toLowerCase(),
  }
}

/**
 * The addresses to try, in the order of RFC 3263 §4.3; never empty.
 *
 * @throws LocateError
 */
export async function locate(
  target: LocateTarget,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly NextHop[]> {
  const candidates = await candidatesFor(target, resolver, options).catch(asLocateError)
  if (candidates.length === 0)
    throw new LocateError(
      'dns.not-found',
      `the SRV records of ${target.host} say that the service is not offered (target ".", RFC 2782, or port 0)`,
    )
  return addressesOf(target.host, candidates, resolver, options)
}

/**
 * The addresses behind SRV records of another name than RFC 3263 has them: `_sipfederationtls._tcp` of a domain,
 * `_sipinternaltls._tcp`.
 *
 * @throws LocateError
 */
export async function locateService(
  service: string,
  domain: string,
  transport: TransportName,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly NextHop[]> {
  const records = orderSrv(await resolver.srv(`${service}.${domain}`).catch(asLocateError), options.random)
  if (records.length === 0) throw new LocateError('dns.not-found', `no SRV record ${service}.${domain}`)
  return addressesOf(
    domain,
    records.map((record) => candidateOf(record, transport)),
    resolver,
    options,
  )
}

async function candidatesFor(
  target: LocateTarget,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly Candidate[]> {
  const { host, port } = target
  const wanted = namedTransport(target)
  if (wanted !== undefined) {
    if (!options.supported.includes(wanted)) throw noTransport(target, options)
    if (port !== undefined || isIP(host) !== 0) return [{ transport: wanted, host, port: port ?? defaultPorts[wanted] }]
    const records = await srvCandidates(`${srvPrefixes[wanted]}.${host}`, wanted, resolver, options)
    return records ?? [{ transport: wanted, host, port: defaultPorts[wanted] }]
  }
  const usual = usualTransport(target, options)
  if (port !== undefined || isIP(host) !== 0) return [{ transport: usual, host, port: port ?? defaultPorts[usual] }]
  return (
    (await byNaptr(target, resolver, options)) ??
    (await bySrv(target, resolver, options)) ?? [{ transport: usual, host, port: defaultPorts[usual] }]
  )
}

/** RFC 3263 §4.1: a sips URI over `tcp` is TLS, over `ws` is WSS. */
function namedTransport({ transport, secure }: LocateTarget): TransportName | undefined {
  switch (transport) {
    case undefined:
      return undefined
    case 'tls':
    case 'wss':
      return transport
    case 'tcp':
      return secure ? 'tls' : 'tcp'
    case 'ws':
      return secure ? 'wss' : 'ws'
    case 'udp':
      if (!secure) return 'udp'
  }
  throw new LocateError(
    'route.no-transport',
    `a ${secure ? 'sips' : 'sip'} URI with transport=${transport.slice(0, 20)}: wanted udp, tcp, tls or ` +
      `ws${secure ? ' (not udp)' : ''}`,
  )
}

/**
 * Without any hint: UDP, or TLS for sips. Lab choice: what this node does not speak is skipped, TCP first, TLS last.
 */
function usualTransport(target: LocateTarget, options: LocateOptions): TransportName {
  const order: readonly TransportName[] = target.secure ? ['tls'] : ['udp', 'tcp', 'tls']
  const usual = order.find((transport) => options.supported.includes(transport))
  if (usual === undefined) throw noTransport(target, options)
  return usual
}

async function byNaptr(
  target: LocateTarget,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly Candidate[] | undefined> {
  const services = (await resolver.naptr(target.host))
    .filter((record) => record.flags.toLowerCase() === 's')
    .sort(byOrder)
  let failure: { readonly transport: TransportName; readonly error: ResolveError } | undefined
  for (const { service, replacement } of services) {
    const transport = naptrServices[service.toLowerCase()]
    if (transport === undefined || !isUsable(transport, target, options)) continue
    // A server that fails for the secured service must not lead to the plain one.
    if (failure !== undefined && isSecure(failure.transport) && !isSecure(transport)) continue
    try {
      const candidates = await srvCandidates(replacement, transport, resolver, options)
      if (candidates !== undefined) return candidates
    } catch (error) {
      if (!(error instanceof ResolveError)) throw error
      failure ??= { transport, error }
    }
  }
  if (failure !== undefined) throw failure.error
  return undefined
}

/** No NAPTR: the SRV records of every transport this node speaks, in its own order. */
async function bySrv(
  target: LocateTarget,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly Candidate[] | undefined> {
  const usable = options.supported.filter((transport) => isUsable(transport, target, options))
  const found = await Promise.all(
    usable.map((transport) => srvCandidates(`${srvPrefixes[transport]}.${target.host}`, transport, resolver, options)),
  )
  return found.every((some) => some === undefined) ? undefined : found.flatMap((some) => some ?? [])
}

/** undefined: no such records. Empty: they say that the service is not offered. */
async function srvCandidates(
  name: string,
  transport: TransportName,
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly Candidate[] | undefined> {
  const records = await resolver.srv(name)
  if (records.length === 0) return undefined
  return orderSrv(records, options.random).map((record) => candidateOf(record, transport))
}

/**
 * Lowest priority first; among equals by weight, at random (RFC 2782). A record with port 0 leads nowhere.
 *
 * @param random from 0 to below 1
 */
export function orderSrv(records: readonly SrvRecord[], random: () => number): SrvRecord[] {
  const left = records
    .filter(({ target, port }) => target !== '.' && port !== 0)
    .sort((one, other) => one.priority - other.priority || one.weight - other.weight)
  const ordered: SrvRecord[] = []
  while (left.length > 0 && ordered.length < mostTargets) ordered.push(...left.splice(pick(left, random), 1))
  return ordered
}

/** Index of the next record among those of the lowest priority, which come first, weight 0 before the others. */
function pick(left: readonly SrvRecord[], random: () => number): number {
  const priority = left[0]?.priority
  const equals = left.filter((record) => record.priority === priority)
  const total = equals.reduce((sum, { weight }) => sum + weight, 0)
  let draw = Math.floor(random() * (total + 1))
  for (const [index, { weight }] of equals.entries()) {
    draw -= weight
    if (draw <= 0) return index
  }
  return 0
}

async function addressesOf(
  domain: string,
  candidates: readonly Candidate[],
  resolver: Resolver,
  options: LocateOptions,
): Promise<readonly NextHop[]> {
  const results = await Promise.allSettled(candidates.map((candidate) => addresses(candidate.host, resolver, options)))
  const hops: NextHop[] = []
  for (const [index, { transport, host, port }] of candidates.entries()) {
    const result = results[index]
    if (result?.status !== 'fulfilled') continue
    const verifyName = isSecure(transport) ? plainName(options.nameRule === 'domain-first' ? domain : host) : undefined
    for (const address of result.value)
      hops.push({ transport, address, port, verifyName, face: options.face, host: plainName(host) })
  }
  if (hops.length > 0) return hops
  const failure = results.find((result) => result.status === 'rejected')
  const names = [...new Set(candidates.map(({ host }) => host))].join(', ')
  if (failure !== undefined)
    throw new LocateError('dns.unreachable', `no answer for the addresses of ${names}`, failure.reason)
  throw new LocateError('dns.not-found', `no address for ${names}`)
}

async function addresses(host: string, resolver: Resolver, options: LocateOptions): Promise<readonly string[]> {
  const literal = withoutBrackets(host)
  if (isIP(literal) !== 0) return [literal]
  const families = options.families ?? [4, 6]
  const asked = families.map((family) => (family === 4 ? resolver.a(host) : resolver.aaaa(host)))
  const results = await Promise.allSettled(asked)
  const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const failure = results.find((result) => result.status === 'rejected')
  // Some servers answer for one family and fall silent for the other: what is known is enough.
  if (found.length === 0 && failure !== undefined) throw failure.reason
  return found
}

function asLocateError(error: unknown): never {
  if (!(error instanceof ResolveError)) throw error
  throw new LocateError('dns.unreachable', error.message, error)
}

/** As certificates have it: lower case, without the dot of the DNS root. */
export function plainName(host: string): string {
  const name = host.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function candidateOf({ target, port }: SrvRecord, transport: TransportName): Candidate {
  return { transport, host: target, port }
}

function isUsable(transport: TransportName, target: LocateTarget, options: LocateOptions): boolean {
  return options.supported.includes(transport) && (isSecure(transport) || !target.secure)
}

function byOrder(one: NaptrRecord, other: NaptrRecord): number {
  return one.order - other.order || one.preference - other.preference
}

function noTransport(target: LocateTarget, options: LocateOptions): LocateError {
  const wanted = target.transport ?? (target.secure ? 'tls' : 'udp, tcp or tls')
  return new LocateError(
    'route.no-transport',
    `${target.host} wants ${wanted}, this node speaks ${options.supported.join(', ') || 'nothing'} on face ` +
      `${options.face}`,
  )
}

function withoutBrackets(host: string): string {
  const inside = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return isIPv6(inside) ? inside : host
}

/**
 * Where a URI leads from this node: numeric addresses at once, names through the lab's DNS, answers kept for a moment.
 */
import { isIP } from 'node:net'
import type { Clock } from '../sip/clock.ts'
import type { SipUri } from '../sip/message/types.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { TransportName } from '../sip/transport/flow.ts'
import { locate, locateTarget, type LocateTarget } from '../sip/transport/locate.ts'
import type { Resolver } from '../sip/transport/resolver.ts'
import { defaultPorts } from '../sip/transport/transport-choice.ts'
import type { NextHop } from '../sip/transport/types.ts'

export interface NextHopsOptions {
  readonly clock: Clock
  readonly resolver: Resolver
  /** Transports of this node, most wanted first. */
  readonly supported: readonly TransportName[]
  readonly nameRule: 'dialled-fqdn' | 'domain-first'
  readonly random: () => number
  /**
   * Whether a flow to that hop is open. Then a name that cannot be looked up leads where it led last: a call in
   * progress does not end with the DNS. Absent: it fails.
   */
  readonly isOpen?: (hop: NextHop) => boolean
  /**
   * `by-chain`: a peer that is dialled by its address is verified by chain and purpose alone; else the address is a
   * wanted name too.
   */
  readonly numericHosts?: 'by-chain' | 'by-name'
  /**
   * Under which identity a host is dialled, e.g. `static-route:1`. Absent, or undefined: under that of the face.
   * @param wanted what the request asks for, `static-route:2`; it may come from outside and counts only where it leads
   * to that host
   */
  readonly identityOf?: (host: string, port: number | undefined, wanted: string | undefined) => string | undefined
}

/**
 * The order of an SRV answer is drawn anew after this time, so that load spreads; one message does not cost a walk
 * through DNS.
 */
const keptMs = 1000
const keptTargets = 5000

export function nextHops(options: NextHopsOptions): Locate {
  const kept = new Map<string, { readonly hops: readonly NextHop[]; readonly until: number }>()
  return (uri, face, wanted) => {
    const numeric = numericHop(uri, face, options)
    if (numeric !== undefined) return [numeric]
    const target = locateTarget(uri)
    const identity = options.identityOf?.(target.host, target.port, wanted)
    const key =
      `${face} ${target.secure} ${target.host} ${target.port} ${target.transport}` +
      `${identity === undefined ? '' : ` ${identity}`}`
    const hit = kept.get(key)
    if (hit !== undefined && hit.until > options.clock.now()) return hit.hops
    return ask(target, face, identity, options).then(
      (hops) => {
        kept.delete(key)
        kept.set(key, { hops, until: options.clock.now() + keptMs })
        if (kept.size > keptTargets) kept.delete(kept.keys().next().value ?? key)
        return hops
      },
      (error: unknown) => {
        const { isOpen } = options
        if (hit === undefined || isOpen === undefined || !hit.hops.some(isOpen)) throw error
        return hit.hops
      },
    )
  }
}

async function ask(
  target: LocateTarget,
  face: string,
  identity: string | undefined,
  { resolver, supported, nameRule, random }: NextHopsOptions,
): Promise<readonly NextHop[]> {
  const hops = await locate(target, resolver, { supported, face, nameRule, random })
  return identity === undefined ? hops : hops.map((hop) => ({ ...hop, identity }))
}

/** The contact of a phone: `sip:alice@127.0.0.1:40312;transport=tcp`. Anything less plain goes the long way. */
function numericHop(uri: SipUri, face: string, { supported, numericHosts }: NextHopsOptions): NextHop | undefined {
  if (uri.scheme !== 'sip' || isIP(uri.host) !== 4 || uri.parameters.has('maddr')) return undefined
  const transport = uri.parameters.get('transport')?.toLowerCase() as TransportName | undefined
  if (transport === undefined || !supported.includes(transport)) return undefined
  const named = (transport === 'tls' || transport === 'wss') && numericHosts !== 'by-chain'
  return {
    transport,
    address: uri.host,
    port: uri.port ?? defaultPorts[transport],
    verifyName: named ? uri.host : undefined,
    face,
  }
}

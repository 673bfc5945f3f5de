/** RFC 3261 §16.6 step 7 with RFC 3263 §4.3: the next hops of one copy, in the order they are tried. */
import { isIP } from 'node:net'
import type { SipUri } from '../message/types.ts'
import type { NextHop } from '../transport/types.ts'
import { parseUri } from '../message/uri.ts'
import type { Target } from './decision.ts'
import type { ProxySettings } from './settings.ts'

/** RFC 3261 §18.1.1: a larger request must not go over UDP; Via, Record-Route and the like are still to be added. */
const udpBytes = 1300
const addedBytes = 300

/** Hops of one copy and how far we are with them. */
export class NextHops {
  private readonly settings: ProxySettings
  private readonly hops: readonly NextHop[]
  private readonly mayDial: Target['mayDial']
  private at = 0
  private tried = 0
  /** One was passed over that the target may not be dialled at. */
  refused = false

  constructor(settings: ProxySettings, hops: readonly NextHop[], requestBytes: number, mayDial?: Target['mayDial']) {
    this.settings = settings
    this.mayDial = mayDial
    this.hops = requestBytes + addedBytes > udpBytes && hops.some(isUdp) ? hops.flatMap(withTcp) : hops
  }

  /** The next one that is not to be left alone; undefined when there is none. */
  take(): NextHop | undefined {
    while (this.at < this.hops.length && this.tried < this.settings.forward.attempts) {
      const hop = this.hops[this.at++]
      if (hop === undefined || this.settings.health.isDown(hop)) continue
      if (this.mayDial?.(hop) === false) {
        this.refused = true
        continue
      }
      this.tried++
      return hop
    }
    return undefined
  }

  get count(): number {
    return this.hops.length
  }

  /** Seconds until the first of them may be tried again; undefined while one may be tried now. */
  allOutFor(): number | undefined {
    const seconds = this.settings.health.retryAfterSeconds(this.hops)
    return seconds > 0 ? seconds : undefined
  }
}

export function locateHops(
  settings: ProxySettings,
  uri: SipUri,
  face: string,
  requestBytes: number,
  { identity, mayDial }: Target,
): NextHops | Promise<NextHops> {
  const numeric = numericHop(uri, face)
  const found = numeric === undefined ? settings.locate(uri, face, identity) : [numeric]
  if (found instanceof Promise) return found.then((hops) => new NextHops(settings, hops, requestBytes, mayDial))
  return new NextHops(settings, found, requestBytes, mayDial)
}

/**
 * The hops of several hosts, host by host: the order of SRV records is made above, their addresses are found here. A
 * host that cannot be found is passed over.
 *
 * @throws what the look-up of the first one said, when none can be found
 */
export async function locateOneOf(
  settings: ProxySettings,
  first: SipUri,
  others: readonly string[],
  face: string,
  requestBytes: number,
): Promise<NextHops> {
  const found = await Promise.allSettled(
    [first, ...others.slice(0, settings.forward.attempts - 1).map(parseUri)].map(async (uri) =>
      settings.locate(uri, face),
    ),
  )
  const hops = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const [failure] = found
  if (hops.length === 0 && failure?.status === 'rejected') throw failure.reason
  return new NextHops(settings, hops, requestBytes)
}

/**
 * Nothing to look up: the Contact of a registered client, mostly. Spares a promise for each request (bench/forward.ts).
 */
function numericHop(uri: SipUri, face: string): NextHop | undefined {
  const { host, port, parameters } = uri
  const transport = parameters.get('transport')?.toLowerCase()
  if (uri.scheme !== 'sip' || port === undefined || (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls'))
    return undefined
  if (parameters.has('maddr') || isIP(host) !== 4) return undefined
  return { transport, address: host, port, verifyName: transport === 'tls' ? host : undefined, face, host }
}

function isUdp(hop: NextHop): boolean {
  return hop.transport === 'udp'
}

function withTcp(hop: NextHop): readonly NextHop[] {
  return isUdp(hop) ? [{ ...hop, transport: 'tcp' }, hop] : [hop]
}

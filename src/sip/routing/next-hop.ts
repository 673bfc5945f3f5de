/** RFC 3261 §16.6 step 7 with RFC 3263 §4.3: the next hops of one copy, in the order they are tried. */
import { isIP } from 'node:net'
import type { SipUri } from '../message/types.ts'
import type { NextHop } from '../transport/types.ts'
import type { ProxySettings } from './settings.ts'

/** RFC 3261 §18.1.1: a larger request must not go over UDP; Via, Record-Route and the like are still to be added. */
const udpBytes = 1300
const addedBytes = 300

/** Hops of one copy and how far we are with them. */
export class NextHops {
  private readonly settings: ProxySettings
  private readonly hops: readonly NextHop[]
  private at = 0
  private tried = 0

  constructor(settings: ProxySettings, hops: readonly NextHop[], requestBytes: number) {
    this.settings = settings
    this.hops = requestBytes + addedBytes > udpBytes && hops.some(isUdp) ? hops.flatMap(withTcp) : hops
  }

  /** The next one that is not to be left alone; undefined when there is none. */
  take(): NextHop | undefined {
    while (this.at < this.hops.length && this.tried < this.settings.forward.attempts) {
      const hop = this.hops[this.at++]
      if (hop === undefined || this.settings.health.isDown(hop)) continue
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

export function locateHops(settings: ProxySettings, uri: SipUri, face: string, requestBytes: number): NextHops | Promise<NextHops> {
  const numeric = numericHop(uri, face)
  const found = numeric === undefined ? settings.locate(uri, face) : [numeric]
  if (found instanceof Promise) return found.then((hops) => new NextHops(settings, hops, requestBytes))
  return new NextHops(settings, found, requestBytes)
}

/** Nothing to look up: the Contact of a registered client, mostly. Spares a promise for each request (bench/forward.ts). */
function numericHop(uri: SipUri, face: string): NextHop | undefined {
  const { host, port, parameters } = uri
  const transport = parameters.get('transport')?.toLowerCase()
  if (uri.scheme !== 'sip' || port === undefined || (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls')) return undefined
  if (parameters.has('maddr') || isIP(host) !== 4) return undefined
  return { transport, address: host, port, verifyName: transport === 'tls' ? host : undefined, face, host }
}

function isUdp(hop: NextHop): boolean {
  return hop.transport === 'udp'
}

function withTcp(hop: NextHop): readonly NextHop[] {
  return isUdp(hop) ? [{ ...hop, transport: 'tcp' }, hop] : [hop]
}

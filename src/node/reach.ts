/** Whether another server can be spoken to now: an open connection says so, else a dial does. */
import type { Clock } from '../sip/clock.ts'
import { parseUri } from '../sip/message/uri.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { NextHop, TransportLayer } from '../sip/transport/types.ts'

export interface ReachOptions {
  readonly clock: Clock
  readonly transport: Pick<TransportLayer, 'existing' | 'connect'>
  readonly locate: Locate
}

/** One that could not be dialled is not dialled again for this long: every request for it would wait anew. */
const rememberedMs = 1000

/** `reachable('fe2.lab.test', 5061, 'internal')` */
export function reachability({
  clock,
  transport,
  locate,
}: ReachOptions): (fqdn: string, port: number, face: string) => boolean | Promise<boolean> {
  const out = new Map<string, number>()
  const dialling = new Map<string, Promise<boolean>>()

  async function dial(key: string, hops: readonly NextHop[]): Promise<boolean> {
    for (const hop of hops) {
      try {
        await transport.connect(hop)
        return true
      } catch {
        // The transport has told why as a refusal; here only that matters.
      }
    }
    out.set(key, clock.now() + rememberedMs)
    return false
  }

  function once(key: string, hops: readonly NextHop[]): boolean | Promise<boolean> {
    if (hops.some((hop) => transport.existing(hop) !== undefined)) return true
    if ((out.get(key) ?? 0) > clock.now()) return false
    const under = dialling.get(key)
    if (under !== undefined) return under
    const mine = dial(key, hops).finally(() => dialling.delete(key))
    dialling.set(key, mine)
    return mine
  }

  return (fqdn, port, face) => {
    const key = `${fqdn}:${port} ${face}`
    const hops = locate(parseUri(`sip:${fqdn}:${port};transport=tls`), face)
    return hops instanceof Promise
      ? hops.then(
          (found) => once(key, found),
          () => false,
        )
      : once(key, hops)
  }
}

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
export function reachability(
  options: ReachOptions,
): (fqdn: string, port: number, face: string) => boolean | Promise<boolean> {
  const peers = new Reachability(options)
  return (fqdn, port, face) => {
    const key = `${fqdn}:${port} ${face}`
    const hops = options.locate(parseUri(`sip:${fqdn}:${port};transport=tls`), face)
    return hops instanceof Promise
      ? hops.then(
          (found) => peers.reaches(key, found),
          () => false,
        )
      : peers.reaches(key, hops)
  }
}

class Reachability {
  readonly #clock: Clock
  readonly #transport: ReachOptions['transport']
  /** Until when, by the clock's `now`. */
  readonly #out = new Map<string, number>()
  readonly #dialling = new Map<string, Promise<boolean>>()

  constructor({ clock, transport }: ReachOptions) {
    this.#clock = clock
    this.#transport = transport
  }

  /** Who asks while a dial is under way waits for that one. */
  reaches(key: string, hops: readonly NextHop[]): boolean | Promise<boolean> {
    if (hops.some((hop) => this.#transport.existing(hop) !== undefined)) return true
    if ((this.#out.get(key) ?? 0) > this.#clock.now()) return false
    const under = this.#dialling.get(key)
    if (under !== undefined) return under
    const mine = this.#dial(key, hops).finally(() => this.#dialling.delete(key))
    this.#dialling.set(key, mine)
    return mine
  }

  async #dial(key: string, hops: readonly NextHop[]): Promise<boolean> {
    for (const hop of hops) {
      try {
        await this.#transport.connect(hop)
        return true
      } catch {
        // The transport has told why as a refusal; here only that matters.
      }
    }
    this.#out.set(key, this.#clock.now() + rememberedMs)
    return false
  }
}

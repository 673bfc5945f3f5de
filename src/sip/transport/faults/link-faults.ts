/** Faults on links, acted out where this node dials (`siplab break A->B cut`): one per peer name. */
import type { LinkFault } from '../types.ts'

export class LinkFaults {
  readonly #byPeer = new Map<string, LinkFault>()

  set(peer: string, fault: LinkFault | undefined): void {
    if (fault === undefined) this.#byPeer.delete(peer.toLowerCase())
    else this.#byPeer.set(peer.toLowerCase(), fault)
  }

  /** undefined: the link is well. */
  on(peer: string | undefined): LinkFault | undefined {
    if (this.#byPeer.size === 0 || peer === undefined) return undefined
    return this.#byPeer.get(peer.toLowerCase())
  }
}

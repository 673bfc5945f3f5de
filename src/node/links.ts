/**
 * Watches the links this node dials: OPTIONS to each configured peer, first quickly, then seldom. A link is up after
 * the first SIP answer, not at the end of the handshake: under TLS 1.3 a refused client has seen a successful one.
 *
 * How long a loss stays unseen: a peer whose connection closes is asked again at once, so as long as one dial takes (a
 * process that died: milliseconds). A peer that only falls silent is found at the next OPTIONS, so at most `confirmMs`
 * and the time `probe` waits for its answer: 15 s. One that came back is found at its own first connection to us, else
 * at the next try: 5 s.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import type { Clock, Timer } from '../sip/clock.ts'
import type { LinkState } from './control/control-api.ts'
import type { WatchedPeer } from '../roles/role.ts'

export type ProbeResult =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly verdict: Verdict }

export interface LinkWatchOptions {
  readonly clock: Clock
  readonly peers: readonly WatchedPeer[]
  /** Sends OPTIONS to one peer; never rejects. */
  readonly probe: (peer: WatchedPeer) => Promise<ProbeResult>
  readonly onChange: (link: LinkState) => void
}

/** While a link is down its peer may be about to come up; once up, an idle link is only confirmed. */
const retryMs = 500
const slowestRetryMs = 5_000
const confirmMs = 10_000

/** Why a connection ends that shall be dialled anew. */
export const redialled = 'redialled'
/** Why a node closes its own connections without doubting the peer. */
export const ownWill: readonly string[] = ['closed', 'drained', redialled]

/** The links of a node, as its status and its supervisor see them. */
export interface NodeLinks {
  readonly links: readonly LinkState[]
  start(): void
  /** A fresh OPTIONS now, to one peer or to all. */
  probeNow(fqdn?: string): Promise<readonly LinkState[]>
  /** A connection that was dialled under that name ended. */
  flowClosed(dialledName: string | undefined, because: string): void
  /** A peer was accepted under these names. */
  peerSeen(names: readonly string[]): void
  close(): void
}

interface Watched {
  readonly peer: WatchedPeer
  link: LinkState
  failures: number
  timer: Timer | undefined
  /** Probes begun and not ended. */
  underWay: number
  /** When the last one began, by the clock's `now`. */
  begunAt: number
  /** Its flow closed while a probe was under way: an answer may be older than that. */
  doubtful: boolean
}

export class LinkWatch implements NodeLinks {
  readonly #options: LinkWatchOptions
  readonly #watched: readonly Watched[]
  #closed = false

  constructor(options: LinkWatchOptions) {
    this.#options = options
    const since = this.#now()
    this.#watched = options.peers.map((peer) => ({
      peer,
      link: { ...nameOf(peer), state: 'untried', since },
      failures: 0,
      timer: undefined,
      underWay: 0,
      begunAt: -Infinity,
      doubtful: false,
    }))
  }

  get links(): readonly LinkState[] {
    return this.#watched.map(({ link }) => link)
  }

  start(): void {
    for (const watched of this.#watched) void this.#round(watched)
  }

  async probeNow(fqdn?: string): Promise<readonly LinkState[]> {
    const wanted = this.#watched.filter(({ peer }) => fqdn === undefined || peer.fqdn === fqdn)
    await Promise.all(wanted.map((watched) => this.#round(watched)))
    return wanted.map(({ link }) => link)
  }

  /**
   * A connection to that peer ended. That is not down yet, it may only have been idle; whether it is, the next OPTIONS
   * tells, at once. What is down already keeps its times: a peer that takes connections and closes them is no reason to
   * hurry.
   */
  flowClosed(dialledName: string | undefined, because: string): void {
    if (dialledName === undefined || ownWill.includes(because)) return
    const name = dialledName.toLowerCase()
    for (const watched of this.#watched) {
      if (watched.peer.fqdn.toLowerCase() !== name || watched.link.state !== 'up') continue
      if (watched.underWay > 0) watched.doubtful = true
      else this.#later(watched, this.#soonest(watched))
    }
  }

  /** A server came to us under these names: if we had given it up, it is worth a new try. */
  peerSeen(names: readonly string[]): void {
    for (const watched of this.#watched) {
      if (watched.link.state !== 'down' || watched.underWay > 0 || !names.includes(watched.peer.fqdn.toLowerCase()))
        continue
      this.#later(watched, this.#soonest(watched))
    }
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#watched) timer?.cancel()
  }

  async #round(watched: Watched): Promise<void> {
    watched.timer?.cancel()
    watched.begunAt = this.#options.clock.now()
    watched.doubtful = false
    watched.underWay += 1
    const result = await this.#options.probe(watched.peer)
    watched.underWay -= 1
    if (this.#closed) return
    this.#note(watched, result)
    this.#later(watched, this.#waitAfter(watched, result))
  }

  #waitAfter(watched: Watched, { kind }: ProbeResult): number {
    if (kind === 'failed') return Math.min(slowestRetryMs, retryMs * 2 ** Math.min(watched.failures - 1, 4))
    return watched.doubtful ? this.#soonest(watched) : confirmMs
  }

  /** A peer that answers and then closes is asked no more often than one that is away. */
  #soonest({ begunAt }: Watched): number {
    return Math.max(0, begunAt + retryMs - this.#options.clock.now())
  }

  #later(watched: Watched, waitMs: number): void {
    if (this.#closed) return
    watched.timer?.cancel()
    watched.timer = this.#options.clock.after(waitMs, () => void this.#round(watched))
  }

  #note(watched: Watched, result: ProbeResult): void {
    const state = result.kind === 'answered' ? 'up' : 'down'
    const code = result.kind === 'failed' ? result.verdict.code : undefined
    watched.failures = result.kind === 'failed' ? watched.failures + 1 : 0
    if (watched.link.state === state && watched.link.verdict?.code === code) return
    watched.link = {
      ...nameOf(watched.peer),
      state,
      since: this.#now(),
      ...(result.kind === 'failed' ? { verdict: result.verdict } : {}),
    }
    this.#options.onChange(watched.link)
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString()
  }
}

function nameOf({ fqdn, identity }: WatchedPeer): Pick<LinkState, 'peer' | 'shows'> {
  return identity === undefined ? { peer: fqdn } : { peer: fqdn, shows: identity }
}

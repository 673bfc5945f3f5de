/**
 * Watches the links this node dials: OPTIONS to each configured peer, first quickly, then seldom. A link is up after the
 * first SIP answer, not at the end of the handshake: under TLS 1.3 a refused client has seen a successful one.
 */
import type { Verdict } from '../certificates/verdict.ts'
import type { Clock, Timer } from '../sip/clock.ts'
import type { LinkState } from './control-api.ts'
import type { WatchedPeer } from './role.ts'

export type ProbeResult = { readonly kind: 'answered'; readonly status: number } | { readonly kind: 'failed'; readonly verdict: Verdict }

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
const confirmMs = 30_000

interface Watched {
  readonly peer: WatchedPeer
  link: LinkState
  failures: number
  timer: Timer | undefined
}

export class LinkWatch {
  readonly #options: LinkWatchOptions
  readonly #watched: readonly Watched[]
  #closed = false

  constructor(options: LinkWatchOptions) {
    this.#options = options
    const since = this.#now()
    this.#watched = options.peers.map((peer) => ({ peer, link: { peer: peer.fqdn, state: 'untried', since }, failures: 0, timer: undefined }))
  }

  get links(): readonly LinkState[] {
    return this.#watched.map(({ link }) => link)
  }

  start(): void {
    for (const watched of this.#watched) void this.#round(watched)
  }

  /** A fresh OPTIONS now, to one peer or to all. */
  async probeNow(fqdn?: string): Promise<readonly LinkState[]> {
    const wanted = this.#watched.filter(({ peer }) => fqdn === undefined || peer.fqdn === fqdn)
    await Promise.all(wanted.map((watched) => this.#round(watched)))
    return wanted.map(({ link }) => link)
  }

  close(): void {
    this.#closed = true
    for (const { timer } of this.#watched) timer?.cancel()
  }

  async #round(watched: Watched): Promise<void> {
    watched.timer?.cancel()
    const result = await this.#options.probe(watched.peer)
    if (this.#closed) return
    this.#note(watched, result)
    const waitMs = result.kind === 'answered' ? confirmMs : Math.min(slowestRetryMs, retryMs * 2 ** Math.min(watched.failures - 1, 4))
    watched.timer?.cancel()
    watched.timer = this.#options.clock.after(waitMs, () => void this.#round(watched))
  }

  #note(watched: Watched, result: ProbeResult): void {
    const state = result.kind === 'answered' ? 'up' : 'down'
    const code = result.kind === 'failed' ? result.verdict.code : undefined
    watched.failures = result.kind === 'failed' ? watched.failures + 1 : 0
    if (watched.link.state === state && watched.link.verdict?.code === code) return
    const { fqdn } = watched.peer
    watched.link = { peer: fqdn, state, since: this.#now(), ...(result.kind === 'failed' ? { verdict: result.verdict } : {}) }
    this.#options.onChange(watched.link)
  }

  #now(): string {
    return new Date(this.#options.clock.wall()).toISOString()
  }
}

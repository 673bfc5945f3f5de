/**
 * Looks at the wall clock once a second and says when an own certificate enters its last third or ends. One long timer
 * would not do: a timer holds 24.8 days at most, and it does not notice a calendar that was moved.
 */
import type { Clock, Timer } from '../../sip/clock.ts'
import type { OwnCertificate } from './own-certificates.ts'

export interface CertificateWatchOptions {
  readonly clock: Clock
  readonly warnAtFraction: number
  readonly onEnding: (own: OwnCertificate) => void
  readonly onEnded: (own: OwnCertificate) => void
  /** Every round, after the own certificates: live links are looked at here. */
  readonly onRound: (wall: number) => void
}

const roundMs = 1000

export class CertificateWatch {
  readonly #options: CertificateWatchOptions
  #watched: readonly OwnCertificate[] = []
  readonly #told = new Map<string, 'ending' | 'ended'>()
  #timer: Timer | undefined

  constructor(options: CertificateWatchOptions) {
    this.#options = options
  }

  /** What is in use now; replaces what was watched before. */
  watch(certificates: readonly OwnCertificate[]): void {
    this.#watched = certificates
    this.#timer ??= this.#options.clock.after(roundMs, () => this.#round())
  }

  close(): void {
    this.#timer?.cancel()
  }

  #round(): void {
    const wall = this.#options.clock.wall()
    for (const own of this.#watched) this.#look(own, wall)
    this.#options.onRound(wall)
    this.#timer = this.#options.clock.after(roundMs, () => this.#round())
  }

  #look(own: OwnCertificate, wall: number): void {
    const state = stateOf(own, wall, this.#options.warnAtFraction)
    const key = `${own.use.reference} ${own.leaf.fingerprint}`
    if (state === undefined) this.#told.delete(key)
    if (state === undefined || this.#told.get(key) === state) return
    this.#told.set(key, state)
    if (state === 'ended') this.#options.onEnded(own)
    else this.#options.onEnding(own)
  }
}

/** At the second of notAfter Node refuses already; RFC 5280 still allows it. The lab goes by what peers do. */
function stateOf(
  { notBefore, notAfter }: OwnCertificate,
  wall: number,
  fraction: number,
): 'ending' | 'ended' | undefined {
  if (wall >= notAfter) return 'ended'
  return notAfter - wall < (notAfter - notBefore) * fraction ? 'ending' : undefined
}

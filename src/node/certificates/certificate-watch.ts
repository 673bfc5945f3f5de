/**
 * Looks at the wall clock once a second and says when an own certificate enters its last third or ends, or when the
 * calendar was set back to before its begin. One long timer would not do: a timer holds 24.8 days at most, and it does
 * not notice a calendar that was moved.
 */
import type { Clock, Timer } from '../../sip/clock.ts'
import type { OwnCertificate } from './own-certificates.ts'

export interface CertificateWatchOptions {
  readonly clock: Clock
  readonly warnAtFraction: number
  readonly onEnding: (own: OwnCertificate) => void
  readonly onEnded: (own: OwnCertificate) => void
  /** A certificate that was valid before is not valid yet: the calendar was set back. */
  readonly onEarly: (own: OwnCertificate) => void
  /** One that was early or had ended is valid again, by the calendar. */
  readonly onValid: (own: OwnCertificate) => void
  /** Every round, after the own certificates: live links are looked at here. */
  readonly onRound: (wall: number) => void
}

const roundMs = 1000

export class CertificateWatch {
  readonly #options: CertificateWatchOptions
  #watched: readonly OwnCertificate[] = []
  readonly #told = new Map<string, State>()
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
    const before = this.#told.get(key)
    if (state === before) return
    this.#told.set(key, state)
    if (before !== undefined && !isValid(before) && isValid(state)) this.#options.onValid(own)
    if (state === 'ended') this.#options.onEnded(own)
    else if (state === 'ending') this.#options.onEnding(own)
    else if (state === 'early' && before !== undefined) this.#options.onEarly(own)
  }
}

type State = 'early' | 'valid' | 'ending' | 'ended'

function isValid(state: State): boolean {
  return state === 'valid' || state === 'ending'
}

/** At the second of notAfter Node refuses already; RFC 5280 still allows it. The lab goes by what peers do. */
function stateOf({ notBefore, notAfter }: OwnCertificate, wall: number, fraction: number): State {
  if (wall >= notAfter) return 'ended'
  if (wall < notBefore) return 'early'
  return notAfter - wall < (notAfter - notBefore) * fraction ? 'ending' : 'valid'
}

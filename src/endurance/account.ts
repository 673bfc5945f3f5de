/**
 * The account of a run under load: what a server acknowledged with a 2xx, and what it therefore owes. Nothing here
 * sends, waits or looks at a clock.
 */

const deeds = [
  'sign-in',
  'refresh',
  'reconnect',
  'message',
  'call',
  'publish',
  'watch',
  'watch-refresh',
  'wrong-password',
  'broken-tls',
] as const

/** What the population does. */
export type Deed = (typeof deeds)[number]

/** What became of one request. */
export type Outcome = 'acknowledged' | 'refused' | 'hanging'

export type LossKind =
  | 'registration'
  | 'message'
  | 'call'
  | 'subscription'
  | 'notification'
  | 'hanging'
  | 'break-in'
  | 'recovery'

/** One promise that was not kept. */
export interface Loss {
  readonly kind: LossKind
  /** `alice@lab.test is signed in, and the store has no binding` */
  readonly what: string
}

export type Counts = { -readonly [outcome in Outcome]: number } & { asked: number }

/** The account as it is printed. */
export interface Balance {
  readonly deeds: Readonly<Record<Deed, Readonly<Counts>>>
  /** Why requests were refused: `message 480`, `watch-refresh phone.timeout`, and how often. */
  readonly refusals: Readonly<Record<string, number>>
  /** Texts that arrived more than once: a sender that repeats after a lost answer. */
  readonly twice: number
  readonly losses: readonly Loss[]
  /** Losses that are counted and not listed. */
  readonly unlisted: number
}

/** Losses that are kept with their sentence. */
const mostLosses = 200

export class Account {
  readonly #deeds = Object.fromEntries(
    deeds.map((deed) => [deed, { asked: 0, acknowledged: 0, refused: 0, hanging: 0 }]),
  ) as Record<Deed, Counts>
  /** Texts under way: whether they arrived before their answer. */
  readonly #sent = new Map<string, boolean>()
  /** Answered with 2xx, and not there yet. */
  readonly #owedTexts = new Set<string>()
  /** Published last and acknowledged, by user. */
  readonly #published = new Map<string, { readonly version: number; readonly at: number }>()
  readonly #losses: Loss[] = []
  readonly #refusals = new Map<string, number>()
  #unlisted = 0
  #twice = 0

  ask(deed: Deed): void {
    this.#deeds[deed].asked++
  }

  /** `hanging` is a loss by itself: RFC 3261 §17 gives every request an end. */
  answer(deed: Deed, outcome: Outcome, what: string): void {
    this.#deeds[deed][outcome]++
    if (outcome === 'hanging') this.lose('hanging', `${what} had no answer after its timer`)
  }

  /** @param why a status or a code: there are few of them */
  refuse(deed: Deed, why: string): void {
    const key = `${deed} ${why}`
    this.#refusals.set(key, (this.#refusals.get(key) ?? 0) + 1)
  }

  send(text: string): void {
    this.#sent.set(text, false)
  }

  arrive(text: string): void {
    if (this.#owedTexts.delete(text)) return
    if (this.#sent.get(text) === false) this.#sent.set(text, true)
    else this.#twice++
  }

  /** The MESSAGE with this text has its final answer. */
  answered(text: string, acknowledged: boolean): void {
    if (acknowledged && this.#sent.get(text) === false) this.#owedTexts.add(text)
    this.#sent.delete(text)
  }

  /** @param version rises with each document of a user; @param at monotonic milliseconds */
  publish(user: string, version: number, at: number): void {
    this.#published.set(user, { version, at })
  }

  /**
   * The version of `user` that a watcher must have seen by now; 0: none.
   *
   * @param before monotonic milliseconds: what was acknowledged later may still be under way
   */
  owedVersion(user: string, before: number): number {
    const published = this.#published.get(user)
    return published === undefined || published.at > before ? 0 : published.version
  }

  lose(kind: LossKind, what: string): void {
    if (this.#losses.length < mostLosses) this.#losses.push({ kind, what })
    else this.#unlisted++
  }

  /** Texts that were acknowledged and have not arrived become losses. */
  close(): Balance {
    for (const text of this.#owedTexts) this.lose('message', `${text} was acknowledged and never arrived`)
    this.#owedTexts.clear()
    return this.balance()
  }

  balance(): Balance {
    return structuredClone({
      deeds: this.#deeds,
      refusals: Object.fromEntries([...this.#refusals].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      twice: this.#twice,
      losses: this.#losses,
      unlisted: this.#unlisted,
    })
  }
}

/** How many promises were not kept. */
export function lost({ losses, unlisted }: Balance): number {
  return losses.length + unlisted
}

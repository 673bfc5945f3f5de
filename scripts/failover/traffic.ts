/** REGISTER requests to several front ends, and the account of those that were answered with 200. */
import { setTimeout as delay } from 'node:timers/promises'
import type { PoolStore } from '../../src/services/store/pool-store.ts'
import { systemClock } from '../../src/sip/clock.ts'
import type { Policy } from '../../src/sip/routing/decision.ts'
import { arrival } from '../../test/support/arrival.ts'

const longestOutageMs = 90_000

export class Traffic {
  asked = 0
  acknowledged = 0
  refused = 0
  over = false
  readonly #fronts: readonly Policy[]
  readonly #users: number
  /** CSeq of the last REGISTER that was answered with 200, by user. */
  readonly #owed = new Map<string, number>()
  #lastAcknowledged = 0
  #firstAfter = Promise.withResolvers<number>()
  #lostAt = Number.POSITIVE_INFINITY

  /** @param users how many sign in, one after the other, again and again */
  constructor(fronts: readonly Policy[], users: number) {
    this.#fronts = fronts
    this.#users = users
  }

  async run(): Promise<void> {
    while (!this.over) {
      const turn = this.asked++
      const front = this.#fronts[turn % this.#fronts.length]
      const user = `u${turn % this.#users}`
      const began = performance.now()
      const decision = await front?.decide(arrival(register(user, turn + 1), { wall: systemClock.wall() }))
      if (decision?.kind === 'answer' && decision.status === 200)
        this.#acknowledge(`sip:${user}@lab.test`, turn + 1, began)
      else this.refused++
      await delay(decision?.kind === 'answer' ? 2 : 100)
    }
  }

  #acknowledge(aor: string, cseq: number, began: number): void {
    this.acknowledged++
    this.#owed.set(aor, Math.max(cseq, this.#owed.get(aor) ?? 0))
    if (began > this.#lostAt) this.#firstAfter.resolve(performance.now())
    else this.#lastAcknowledged = performance.now()
  }

  /** @throws Error when the service does not come back */
  async outage(lostAt: number): Promise<number> {
    this.#lostAt = lostAt
    const back = await Promise.race([this.#firstAfter.promise, delay(longestOutageMs, undefined)])
    if (back === undefined) throw new Error(`no registration within ${longestOutageMs / 1000} s of the loss`)
    return back - this.#lastAcknowledged
  }

  async lostIn(store: PoolStore): Promise<number> {
    let lost = 0
    for (const [aor, cseq] of this.#owed) {
      const [binding] = await store.bindingsOf(aor)
      if (binding === undefined || binding.cseq < cseq) {
        lost++
        console.error(`lost: ${aor} was answered 200 for CSeq ${cseq}, the new primary has ${binding?.cseq ?? 'none'}`)
      }
    }
    await store.close()
    return lost
  }
}

function register(user: string, cseq: number): string {
  return (
    `REGISTER sip:lab.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK${cseq}\r\n` +
    `From: <sip:${user}@lab.test>;tag=${user}\r\nTo: <sip:${user}@lab.test>\r\nCall-ID: reg-${user}\r\n` +
    `CSeq: ${cseq} REGISTER\r\nContact: <sip:${user}@192.0.2.7:5061;transport=tls>\r\nExpires: 3600\r\n` +
    'Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n'
  )
}

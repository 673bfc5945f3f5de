/**
 * What stays of an answered INVITE in the proxy core: further 2xx of the fork that was accepted go back for 32 s (RFC
 * 6026 §8.4), each by itself. Everything else of the request is let go (bench/proxy.ts, UDP calls).
 */
import type { SipResponse } from '../message/types.ts'
import type { ClientTransactionUser } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import { type WayBack, writeBack } from './write-back.ts'

export class LateAnswers implements ClientTransactionUser, WayBack {
  readonly core: Core
  readonly arrival: Incoming | undefined
  private readonly back: Flow
  private readonly from: Flow | undefined

  /**
   * @param back the flow of the request
   * @param from the flow of its copy
   */
  constructor(core: Core, arrival: Incoming | undefined, back: Flow, from: Flow | undefined) {
    this.core = core
    this.arrival = arrival
    this.back = back
    this.from = from
  }

  get face(): string {
    return this.back.face
  }

  onResponse(response: SipResponse): void {
    if (response.hasOneVia) return this.core.settings.on.dropped?.(response, this.from ?? this.back, endsHere)
    const text = writeBack(this, response, this.from, nothingMore)
    if (!this.back.send(text)) this.core.sendBack(this.back, text)
  }

  onTimeout(): void {}

  onTransportError(): void {}
}

/** RFC 3261 §16.7 step 3. */
export const endsHere = 'response.ends-here'

const nothingMore = [] as const

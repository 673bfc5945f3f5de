/** What stays of a server transaction with its final answer, for 64*T1: Completed of RFC 3261 figure 8 (Timer J), Accepted of RFC 6026 §7.1 (Timer L). */
import type { Flow } from '../transport/flow.ts'
import type { InLine } from './line.ts'
import type { ServerTransaction } from './types.ts'

/** What it needs of the layer. */
export interface AbsorberHome {
  forget(one: Absorber): void
  undeliverable(flow: Flow, text: string): void
}

/** Over UDP a fifth of all CPU was the collector, which copied whole transactions (bench/proxy.ts, UDP calls): this is all that is needed. */
export class Absorber implements InLine {
  readonly key: string
  /** Host and port of the top Via; undefined: found by the rules of RFC 2543. */
  readonly sentBy: string | undefined
  endsAt = 0
  after: InLine | undefined = undefined
  private readonly home: AbsorberHome
  private readonly flow: Flow
  /** The answer that each repetition gets; empty: the repetition is dropped. */
  private readonly text: string
  private onEnd: ServerTransaction['onEnd']
  private live = true

  constructor(home: AbsorberHome, key: string, sentBy: string | undefined, flow: Flow, text: string, onEnd: ServerTransaction['onEnd']) {
    this.home = home
    this.key = key
    this.sentBy = sentBy
    this.flow = flow
    this.text = text
    this.onEnd = onEnd
  }

  onRepeat(): void {
    if (this.text !== '' && !this.flow.send(this.text)) this.home.undeliverable(this.flow, this.text)
  }

  /** An ACK behind a 2xx is for the transaction user. */
  takesAck(): boolean {
    return false
  }

  expire(): void {
    const { onEnd } = this
    this.drop()
    onEnd?.('done')
  }

  drop(): void {
    if (!this.live) return
    this.live = false
    this.onEnd = undefined
    this.home.forget(this)
  }
}

/** Non-INVITE server transaction (RFC 3261 §17.2.2, figure 8) within the bounds of RFC 4320. */
import type { ServerInState, ServerState } from './server-state.ts'

export const trying: ServerState = {
  name: 'trying',
  open: true,
  enter(tx) {
    tx.start('trying', untilT2(tx))
    // After 64*T1 the client has given up: an answer would be a stray one (RFC 4320 §3).
    tx.start('limit', 64 * tx.home.timers.t1)
  },
  onRepeat: (tx) => tx.resend(tx.text),
  respond(tx, status, text) {
    // RFC 4320 §4.1: no provisional response but a late 100. §4.2: silence instead of a 408.
    if (status < 200) {
      if (status === 100 && !tx.answered) tx.transmitTrying(text)
      return
    }
    if (status === 408) return tx.end()
    tx.transmit(text)
    tx.become(completed)
  },
  onAck: () => false,
  onTimer(tx, timer) {
    if (timer === 'trying') return tx.sendTrying()
    tx.end()
  },
}

/** Gives the same answer to each repetition (Timer J). */
const completed: ServerState = {
  name: 'completed',
  open: false,
  enter(tx) {
    if (tx.reliable) tx.end()
    else tx.absorb(tx.text)
  },
  onRepeat() {},
  respond() {},
  onAck: () => false,
  onTimer() {},
}

/** How long the client's Timer E takes to reach T2: 3.5 s by default (RFC 4320 §4.1). */
function untilT2(tx: ServerInState): number {
  const { t1, t2 } = tx.home.timers
  let elapsed = 0
  for (let interval = t1; interval < t2; interval *= 2) elapsed += interval
  return elapsed
}

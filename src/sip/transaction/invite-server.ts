/** INVITE server transaction (RFC 3261 §17.2.1, figure 7; Accepted and Timer L: RFC 6026 §7.1). */
import type { ServerState } from './server-state.ts'

export const proceeding: ServerState = {
  name: 'proceeding',
  open: true,
  enter(tx) {
    if (tx.home.trying === 'at-once') tx.sendTrying()
    else if (!tx.answered) tx.start('trying', tx.home.trying)
  },
  onRepeat: (tx) => tx.resend(tx.text),
  respond(tx, status, text) {
    tx.stopTrying()
    if (status === 100) return tx.transmitTrying(text)
    tx.transmit(text)
    if (status >= 300) tx.become(completed)
    else if (status >= 200) tx.become(accepted)
  },
  onAck: () => false,
  onTimer: (tx) => tx.sendTrying(),
}

/**
 * A failure is repeated until its ACK arrives. A client that never acknowledges (Communicator) lets this run out
 * quietly: over TLS nothing is repeated, Timer H ends it.
 */
const completed: ServerState = {
  name: 'completed',
  open: false,
  enter(tx) {
    if (!tx.reliable) tx.start('G', tx.home.timers.t1)
    tx.start('H', 64 * tx.home.timers.t1)
    tx.awaitAck()
  },
  onRepeat: (tx) => tx.resend(tx.text),
  respond() {},
  onAck(tx) {
    tx.become(confirmed)
    return true
  },
  onTimer(tx, timer) {
    if (timer === 'H') return tx.end()
    tx.start('G', Math.min(2 * tx.intervalMs, tx.home.timers.t2))
    tx.resend(tx.text)
  },
}

/** Absorbs repetitions of the ACK. */
const confirmed: ServerState = {
  name: 'confirmed',
  open: false,
  enter(tx) {
    if (tx.reliable) return tx.end()
    tx.start('I', tx.home.timers.t4)
  },
  onRepeat() {},
  respond() {},
  onAck: () => true,
  onTimer: (tx) => tx.end(),
}

/** Absorbs the INVITE (Timer L), lets every 2xx and ACK through. */
const accepted: ServerState = {
  name: 'accepted',
  open: false,
  enter: (tx) => tx.absorb(''),
  onRepeat() {},
  respond(tx, status, text) {
    if (status >= 200 && status < 300) tx.resend(text)
  },
  onAck: () => false,
  onTimer() {},
}

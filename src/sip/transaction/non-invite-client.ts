/** Non-INVITE client transaction (RFC 3261 §17.1.2, figure 6). */
import type { ClientState } from './client-state.ts'

export const trying: ClientState = {
  name: 'trying',
  waiting: true,
  enter(tx) {
    if (!tx.reliable) tx.start('E', tx.home.timers.t1)
    tx.start('F', 64 * tx.home.timers.t1)
    const text = tx.text
    // Over a reliable flow nothing is ever repeated, and a CANCEL or ACK is never made from it.
    if (tx.reliable) tx.text = ''
    tx.transmit(text)
  },
  onResponse(tx, response) {
    if (response.status >= 200) return onFinal(tx, response)
    tx.become(proceeding)
    tx.user.onResponse(response)
  },
  onTimer(tx, timer) {
    if (timer === 'F') return tx.failTimeout()
    tx.start('E', Math.min(2 * tx.intervalMs, tx.home.timers.t2))
    tx.transmit(tx.text)
  },
  onCancel() {},
}

/** Timer F runs on; Timer E repeats every T2 from its next turn. */
const proceeding: ClientState = {
  name: 'proceeding',
  waiting: true,
  enter() {},
  onResponse(tx, response) {
    if (response.status >= 200) return onFinal(tx, response)
    tx.user.onResponse(response)
  },
  onTimer(tx, timer) {
    if (timer === 'F') return tx.failTimeout()
    tx.start('E', tx.home.timers.t2)
    tx.transmit(tx.text)
  },
  onCancel() {},
}

const onFinal: ClientState['onResponse'] = (tx, response) => {
  const { user } = tx
  tx.stopTimers()
  tx.become(completed)
  user.onResponse(response)
}

/** Absorbs repetitions of the final response. */
const completed: ClientState = {
  name: 'completed',
  waiting: false,
  enter(tx) {
    tx.text = ''
    if (tx.reliable) return tx.end()
    // The slot of a CANCEL is that of its INVITE.
    if (tx.cancelOf === undefined) tx.yield(undefined)
    else tx.start('K', tx.home.timers.t4)
  },
  onResponse() {},
  onTimer: (tx) => tx.end(),
  onCancel() {},
}

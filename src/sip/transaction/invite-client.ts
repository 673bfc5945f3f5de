/** INVITE client transaction (RFC 3261 §17.1.1, figure 5; Accepted and Timer M: RFC 6026 §7.2). */
import type { ClientInState, ClientState } from './client-state.ts'
import { writeAck } from './hop-requests.ts'

export const calling: ClientState = {
  name: 'calling',
  waiting: true,
  enter(tx) {
    if (!tx.reliable) tx.start('A', tx.home.timers.t1)
    tx.start('B', 64 * tx.home.timers.t1)
    tx.transmit(tx.text)
  },
  onResponse(tx, response) {
    if (response.status < 200) {
      tx.stopTimers()
      tx.become(proceeding)
      return tx.user.onResponse(response)
    }
    onFinal(tx, response)
  },
  onTimer(tx, timer) {
    if (timer === 'B') return tx.failTimeout()
    tx.start('A', 2 * tx.intervalMs)
    tx.transmit(tx.text)
  },
  // RFC 3261 §9.1: a CANCEL waits for the first provisional response.
  onCancel() {},
}

const proceeding: ClientState = {
  name: 'proceeding',
  waiting: true,
  enter(tx) {
    if (tx.cancelWanted) tx.sendCancel()
  },
  onResponse(tx, response) {
    if (response.status < 200) return tx.user.onResponse(response)
    onFinal(tx, response)
  },
  onTimer(tx) {
    tx.failTimeout()
  },
  onCancel: (tx) => tx.sendCancel(),
}

const onFinal: ClientState['onResponse'] = (tx, response) => {
  tx.stopTimers()
  if (response.status >= 300) {
    const ack = writeAck(tx.text, response)
    tx.ack = tx.flow === undefined ? ack : tx.home.sealed(ack, tx.flow)
    tx.become(completed)
    return tx.user.onResponse(response)
  }
  tx.become(accepted)
  tx.user.onResponse(response)
  if (tx.state === accepted) stay(tx)
}

/** A failure came: it is acknowledged here, and again for each repetition. */
const completed: ClientState = {
  name: 'completed',
  waiting: false,
  enter(tx) {
    tx.flow?.send(tx.ack)
    tx.text = ''
    if (tx.reliable) return tx.end()
    // RFC 3261 §17.1.1.2: Timer D is at least 32 s on an unreliable transport, whatever T1 is.
    tx.start('D', Math.max(32_000, 64 * tx.home.timers.t1))
  },
  onResponse(tx, response) {
    if (response.status >= 300) tx.flow?.send(tx.ack)
  },
  onTimer: (tx) => tx.end(),
  onCancel() {},
}

/** RFC 6026 §8.4: every further 2xx goes up, whichever fork it came from. */
const accepted: ClientState = {
  name: 'accepted',
  waiting: false,
  enter(tx) {
    tx.text = ''
  },
  onResponse(tx, response) {
    if (response.status >= 200 && response.status < 300) tx.user.onResponse(response)
  },
  onTimer: (tx) => tx.end(),
  onCancel() {},
}

/** Timer M. While a CANCEL shares the slot the transaction stays as it is. */
function stay(tx: ClientInState): void {
  tx.user = tx.user.late?.() ?? tx.user
  if (tx.cancelling?.live === true) tx.start('M', 64 * tx.home.timers.t1)
  else tx.yield(tx.user)
}

/** An ACK for a 2xx, forwarded without a transaction (RFC 3261 §16, §16.11): one copy, no answer. */
import { hashOf, hashOn } from '../message/text-hash.ts'
import type { Flow } from '../transport/flow.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import type { Target } from './decision.ts'
import { codeOf } from './error-code.ts'
import { hashText } from './hash-text.ts'
import { type Way, wayOf, writeCopy } from './forward.ts'
import { type NextHops, locateHops } from './next-hop.ts'
import { notSecured } from './reply.ts'
import { mustBeSecure } from './secured.ts'

export function forwardAck(core: Core, arrival: Incoming, target: Target): void {
  const { transport } = core.settings
  const way = wayOf(arrival, target)
  if (target.flow !== undefined) return sendAck(core, arrival, way, transport.flow(target.flow), target)
  const face = target.face ?? arrival.face
  const hops = locateHops(core.settings, way.nextHop, face, arrival.request.text.length, target)
  if (!(hops instanceof Promise)) return sendToHop(core, arrival, way, hops, target)
  hops
    .then((located) => sendToHop(core, arrival, way, located, target))
    .catch((error: unknown) => drop(core, arrival, codeOf(error)))
}

/** RFC 3263 §4.3: the next hop where one takes no connection. What is lost on its way, the next repetition brings. */
function sendToHop(
  core: Core,
  arrival: Incoming,
  way: Way,
  hops: NextHops,
  target: Target,
  trouble = 'route.no-next-hop',
): void {
  const { transport, health } = core.settings
  const hop = hops.take()
  if (hop === undefined) return drop(core, arrival, trouble)
  const flow = transport.existing(hop)
  if (flow !== undefined && trySend(core, arrival, way, flow, target) === undefined) return
  transport
    .connect(hop)
    .then((dialled) => trySend(core, arrival, way, dialled, target))
    .catch((error: unknown) => {
      if (hops.count > 1) health.markDown(hop)
      return codeOf(error)
    })
    .then((why) => (why === undefined ? undefined : sendToHop(core, arrival, way, hops, target, why)))
    .catch((error: unknown) => core.settings.on.failed?.(arrival.request, error))
}

function sendAck(core: Core, arrival: Incoming, way: Way, flow: Flow | undefined, target: Target): void {
  const why = trySend(core, arrival, way, flow, target)
  if (why !== undefined) drop(core, arrival, why)
}

/** Why the flow does not take it; undefined: it is sent. */
function trySend(core: Core, arrival: Incoming, way: Way, flow: Flow | undefined, target: Target): string | undefined {
  if (flow?.open !== true) return 'route.no-flow'
  if (!flow.secure && mustBeSecure(arrival, target)) return notSecured
  const branch = core.transactions.statelessBranch(identity(arrival))
  const text = core.transactions.sealed(writeCopy(core, arrival, way, flow, branch, arrival.breadth), flow)
  if (!flow.send(text)) return 'flow.refused-message'
  core.settings.on.forwarded?.(arrival, target, flow)
  return undefined
}

function drop(core: Core, arrival: Incoming, because: string): void {
  core.settings.on.dropped?.(arrival.request, arrival.flow, because)
}

/** §16.11: the same for each repetition of this ACK; the loop hash at the end lets §16.3 step 4 work. */
function identity(arrival: Incoming): string {
  const { branch, callId, cseq } = arrival.request
  const hash = hashOn(hashOf(branch ?? arrival.request.topViaKey) ^ cseq, callId)
  return `${hashText(hash)}.${arrival.loopHash}`
}

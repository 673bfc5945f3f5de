/** An ACK for a 2xx, forwarded without a transaction (RFC 3261 §16, §16.11): one copy, one try, no answer. */
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
  const hops = locateHops(
    core.settings,
    way.nextHop,
    target.face ?? arrival.face,
    arrival.request.text.length,
    target.identity,
  )
  if (!(hops instanceof Promise)) return sendToHop(core, arrival, way, hops, target)
  hops
    .then((located) => sendToHop(core, arrival, way, located, target))
    .catch((error: unknown) => drop(core, arrival, codeOf(error)))
}

function sendToHop(core: Core, arrival: Incoming, way: Way, hops: NextHops, target: Target): void {
  const { transport } = core.settings
  const hop = hops.take()
  if (hop === undefined) return drop(core, arrival, 'route.no-next-hop')
  const flow = transport.existing(hop)
  if (flow !== undefined) return sendAck(core, arrival, way, flow, target)
  transport
    .connect(hop)
    .then((dialled) => sendAck(core, arrival, way, dialled, target))
    .catch((error: unknown) => drop(core, arrival, codeOf(error)))
}

function sendAck(core: Core, arrival: Incoming, way: Way, flow: Flow | undefined, target: Target): void {
  if (flow?.open !== true) return drop(core, arrival, 'route.no-flow')
  if (!flow.secure && mustBeSecure(arrival, target)) return drop(core, arrival, notSecured)
  const branch = core.transactions.statelessBranch(identity(arrival))
  if (!flow.send(writeCopy(core, arrival, way, flow, branch, arrival.breadth)))
    return drop(core, arrival, 'flow.refused-message')
  core.settings.on.forwarded?.(arrival, target, flow)
}

function drop(core: Core, arrival: Incoming, because: string): void {
  core.settings.on.dropped?.(arrival.request, arrival.flow, because)
}

/** §16.11: the same for each repetition of this ACK; the loop hash at the end lets §16.3 step 4 work. */
function identity(arrival: Incoming): string {
  const { branch, callId, cseq } = arrival.request
  const hash = hashOn(hashOf(branch ?? arrival.request.topVia.text) ^ cseq, callId)
  return `${hashText(hash)}.${arrival.loopHash}`
}

/** RFC 3261 §16.3: what every proxy checks before it asks anyone. Syntax was checked by the parser. */
import { hashOf, hashOn } from '../message/text-hash.ts'
import { unknownTags } from '../message/option-tags.ts'
import type { SipRequest, SipUri } from '../message/types.ts'
import { loopHashOf } from '../transaction/branch.ts'
import type { Incoming } from './arrival.ts'
import { type Decision, refuse } from './decision.ts'
import { isRecorded } from './forward.ts'
import { hashText } from './hash-text.ts'

export interface Rules {
  readonly schemes: ReadonlySet<string>
  readonly optionTags: ReadonlySet<string>
  /** What all branches of this process start with. */
  readonly branchPrefix: string
  /** Whether this server may answer it itself: it does so with Max-Forwards 0 too (§11, §16.3 step 3). */
  readonly mayAnswer: (arrival: Incoming) => boolean
}

export const tooManyHops: Decision = refuse(483, 'request.too-many-hops')

/** Fills in `loopHash` and `breadth`; gives the refusal a request has earned, undefined when it may go on. */
export function validate(arrival: Incoming, rules: Rules): Decision | undefined {
  const { request } = arrival
  if (isRecorded(request.method)) readEnds(request)
  if (!rules.schemes.has(arrival.uri.scheme)) return refuse(416, 'request.scheme-unsupported')
  if (request.maxForwards === 0 && !rules.mayAnswer(arrival)) return tooManyHops
  arrival.loopHash = loopHash(request, arrival)
  if (hasLooped(request, arrival.loopHash, rules.branchPrefix)) return refuse(482, 'request.loop')
  return checkBreadth(arrival) ?? checkProxyRequire(request, rules.optionTags)
}

/**
 * The seal of a dialog names both. A fault in them is the sender's, and it hears of it before anything is sent.
 *
 * @throws MessageError
 */
function readEnds({ fromUri, toUri }: SipRequest): readonly SipUri[] {
  return [fromUri, toUri]
}

/**
 * A request that comes again with the same hash would be routed as before: a loop. With another hash, for example by a
 * new Request-URI, it is a spiral and welcome (§16.3 step 4). Branches are ours by the token of this process.
 */
function hasLooped(request: SipRequest, hash: string, prefix: string): boolean {
  if (!request.text.includes(prefix)) return false
  return request.vias().some((via) => loopHashOf(prefix, via.branch) === hash)
}

/**
 * Call-ID, tags and CSeq are the same all along the chain of Vias that is compared, so only what routing depends on and
 * what can change on the way goes in: Request-URI, Route values, face. The value that named us too: a flow token in it
 * leads to another flow, and a node of a pool may hand a request on to another that sends it back by the token of the
 * right one.
 */
function loopHash(request: SipRequest, { routes, face, ownRoute }: Incoming): string {
  let hash = hashOn(hashOf(request.requestUri), face)
  const token = ownRoute?.uri.user
  if (token !== undefined) hash = hashOn(hash, token)
  for (const route of routes) hash = hashOn(hash, route.text)
  return hashText(hash)
}

function checkBreadth(arrival: Incoming): Decision | undefined {
  const value = arrival.request.header('Max-Breadth')
  if (value === undefined) return undefined
  const breadth = /^\d{1,9}$/.test(value) ? Number(value) : -1
  if (breadth < 0) return refuse(400, 'request.max-breadth-syntax', [], `Max-Breadth: ${value} is no number`)
  if (breadth === 0) return refuse(440, 'request.max-breadth')
  arrival.breadth = breadth
  arrival.hasBreadth = true
  return undefined
}

/** §16.3 step 5. */
function checkProxyRequire(request: SipRequest, known: ReadonlySet<string>): Decision | undefined {
  const unknown = unknownTags(request, 'Proxy-Require', known)
  if (unknown.length === 0) return undefined
  return refuse(420, 'request.extension-unknown', [['Unsupported', unknown.join(', ')]])
}

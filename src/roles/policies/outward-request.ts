/** What leaves the access proxy for another organisation carries no word meant for the inside. */
import { carriesAny } from '../../sip/message/field-set.ts'
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'
import type { FlowTokens } from '../../sip/routing/flow-token.ts'
import { edgeMark, sourceVerified, wordsForInside } from './strip-untrusted.ts'

export interface OutwardRequestOptions {
  readonly tokens: FlowTokens
  /**
   * Marks requests whose sender proved who it is, for the other organisation. P-Asserted-Identity of a server of ours
   * inside says that it did. `MarkSourceVerifiableOnOutgoingMessages`
   */
  readonly markSourceVerifiable: boolean
}

/**
 * Asserted identities are for servers that trust each other (RFC 3325 §7). A remote user of ours gets them as inside
 * users do.
 */
export function outwardRequest({ tokens, markSourceVerifiable }: OutwardRequestOptions): Policy {
  return {
    name: 'outward-request',
    decide(arrival) {
      if (isForRemoteUser(arrival, tokens)) return pass
      const { remarks } = arrival
      if (carriesAny(arrival.request, wordsForInside)) remarks.remove.push(...wordsForInside.names)
      if (markSourceVerifiable && isProven(arrival)) remarks.add.push([edgeMark, sourceVerified])
      return pass
    },
  }
}

/** Only the flows of clients have tokens that name them. */
function isForRemoteUser({ ownRoute }: Arrival, tokens: FlowTokens): boolean {
  const user = ownRoute?.uri.user
  return user !== undefined && tokens.read(user).kind === 'flow'
}

/** A message that came from outside and goes out again was not proven here. */
function isProven({ request }: Arrival): boolean {
  return request.header('P-Asserted-Identity') !== undefined && request.header(edgeMark) === undefined
}

/** A request inside a dialog whose way is lost: the bindings of the user it is for say where the other end is now. */
import { addressOfRecord, equalUris, parseUri } from '../../sip/message/uri.ts'
import type { SipUri } from '../../sip/message/types.ts'
import { pass } from '../../sip/routing/decision.ts'
import type { Arrival, Decision } from '../../sip/routing/decision.ts'
import type { Binding } from '../location/binding.ts'
import { defaultOutageAnswer, refusalOf } from '../refusals.ts'
import { recovering, soon } from '../soon.ts'
import type { Soon } from '../soon.ts'
import { instanceSelector } from './gruu.ts'
import { type LocalTargetsOptions, targetOf } from './local-targets.ts'

/**
 * For the option `relocate` of the policy `flow-token`. `pass`: the user is not ours, or has no binding that could be meant.
 * The Request-URI stays: it is the remote target of the dialog (RFC 3261 §12.2.1.1), only the way to it is new.
 */
export function relocation(options: LocalTargetsOptions): (arrival: Arrival) => Soon<Decision> {
  const domains = new Set(options.domains)
  const outage = options.outage ?? defaultOutageAnswer

  function toBinding(arrival: Arrival, bindings: readonly Binding[]): Decision {
    const binding = meant(arrival.uri, bindings)
    const target = binding === undefined ? undefined : targetOf(binding, options)
    return target === undefined ? pass : { kind: 'route', targets: [{ ...target, uri: arrival.uri.text }], because: 'flow-token.relocated' }
  }

  return (arrival) => {
    const { uri } = arrival.request.to
    if (!arrival.inDialog || arrival.routes.length > 0 || uri.user === undefined || !domains.has(uri.host)) return pass
    return recovering(
      () => soon(options.location.lookup(addressOfRecord(uri)), (bindings) => toBinding(arrival, bindings)),
      (error) => refusalOf(error, outage, options.self),
    )
  }
}

/** The one with that Contact, that instance, or the only one: a phone that came back by a new connection may have a new Contact. */
function meant(uri: SipUri, bindings: readonly Binding[]): Binding | undefined {
  const isNamed = instanceSelector(uri) ?? ((binding: Binding) => binding.contact === uri.text || equalUris(parseUri(binding.contact), uri))
  const named = bindings.find(isNamed)
  return named ?? (bindings.length === 1 ? bindings[0] : undefined)
}

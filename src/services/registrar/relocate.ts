/** A request inside a dialog whose way is lost: the bindings of the user it is for say where the other end is now. */
import { addressOfRecord, equalUris, parseUri } from '../../sip/message/uri.ts'
import { pass } from '../../sip/routing/decision.ts'
import { decoded } from '../../sip/routing/dialog-record.ts'
import type { Arrival, Decision, Target } from '../../sip/routing/decision.ts'
import type { Binding } from '../location/binding.ts'
import { refusalOf } from '../refusals.ts'
import { recovering, andThen } from '../maybe-promise.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { instanceSelector } from './gruu.ts'
import { type LocalTargetsOptions, targetOf } from './local-targets.ts'

/**
 * For the option `relocate` of the policy `flow-token`, where the flow was ours, and for `ProxySettings.detour`, where
 * a server on the way answered that it is gone. `pass`: the user is not ours, or has no binding that could be meant.
 * The Request-URI stays: it is the remote target of the dialog (RFC 3261 §12.2.1.1), only the way to it is new.
 */
export function relocation(options: LocalTargetsOptions): (arrival: Arrival) => MaybePromise<Decision> {
  const domains = new Set(options.domains)

  function toBinding(arrival: Arrival, bindings: readonly Binding[]): Decision {
    const binding = meant(arrival, bindings)
    const target = binding === undefined ? undefined : targetOf(binding, options)
    return target === undefined
      ? pass
      : {
          kind: 'route',
          targets: [{ ...target, uri: arrival.uri.text, nextHop: dialledContact(target), by: 'dialog' }],
          because: 'flow-token.relocated',
        }
  }

  return (arrival) => {
    const aor = otherEnd(arrival, domains)
    if (aor === undefined || arrival.routes.length > 0) return pass
    return recovering(
      () => andThen(options.location.lookup(aor), (bindings) => toBinding(arrival, bindings)),
      (error) => refusalOf(error, options.self),
    )
  }
}

/** The sender wrote the Request-URI: where the Contact is dialled, the registered one counts. */
function dialledContact({ uri, flow, routes }: Target): string | undefined {
  return flow === undefined && routes.length === 0 ? uri : undefined
}

/** The user in the record of the dialog; where the record has none, the user in To. undefined: no user of ours. */
function otherEnd({ remarks: { dialog }, request }: Arrival, domains: ReadonlySet<string>): string | undefined {
  if (dialog === undefined) return undefined
  const recorded = decoded(dialog.other.identity)
  if (recorded !== undefined) return domains.has(hostOf(recorded)) ? recorded : undefined
  const { uri } = request.to
  return uri.user === undefined || !domains.has(uri.host) ? undefined : addressOfRecord(uri)
}

function hostOf(aor: string): string {
  return aor.slice(aor.lastIndexOf('@') + 1)
}

/**
 * The one that the remote target of the dialog names: its instance, its Contact, its endpoint; never another device of
 * the user. One that came back by a new connection may have a new address in its Contact: then a user part that is its
 * own tells.
 */
function meant({ uri, request: { to } }: Arrival, bindings: readonly Binding[]): Binding | undefined {
  const isNamed = instanceSelector(uri)
  if (isNamed !== undefined) return bindings.find(isNamed)
  const same = bindings.find(({ contact }) => contact === uri.text || equalUris(parseUri(contact), uri))
  if (same !== undefined) return same
  const epid = to.parameters.get('epid')
  if (epid !== undefined) return bindings.find((binding) => binding.epid === epid)
  if (uri.user === undefined || uri.user === to.uri.user) return undefined
  const [only, ...others] = bindings.filter(({ contact }) => parseUri(contact).user === uri.user)
  return others.length === 0 ? only : undefined
}

/**
 * The target set of a request for a user of our domains (RFC 3261 §16.5): the bindings, by flow, by Path, or by
 * dialling.
 */
import { addressOfRecord } from '../../sip/message/uri.ts'
import { pass, refuse } from '../../sip/routing/decision.ts'
import type { Arrival, Decision, Policy, Target } from '../../sip/routing/decision.ts'
import type { FlowId } from '../../sip/transport/flow.ts'
import type { Binding } from '../location/binding.ts'
import type { LocationService } from '../location/location.ts'
import { instanceKey } from '../location/rules.ts'
import { diagnostics, refusalOf } from '../refusals.ts'
import { recovering, andThen } from '../maybe-promise.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { instanceSelector, isUnknownGruu } from './gruu.ts'
import type { AccountSource } from './registrar.ts'
import type { ServerPlaces } from './server-places.ts'

export interface LocalTargetsOptions {
  readonly location: LocationService
  /** undefined: no user is unknown, only not there. */
  readonly accounts: AccountSource | undefined
  /** Lower case. */
  readonly domains: readonly string[]
  /** FQDN of this server. */
  readonly self: string
  /** Whether that flow of this process is open. */
  readonly isOpen: (flow: FlowId) => boolean
  /** No binding leads to one of ours. Absent: no server is known. */
  readonly servers?: ServerPlaces | undefined
  /**
   * What an account that says nothing of anonymous calls takes of this one; undefined: the request is not anonymous.
   * Absent: none is.
   */
  readonly anonymousDefault?: (arrival: Arrival) => boolean | undefined
}

export function localTargets(options: LocalTargetsOptions): Policy {
  const domains = new Set(options.domains)
  return {
    name: 'local-targets',
    decide(arrival) {
      if (!isForUser(arrival, domains)) return pass
      return recovering(
        () => find(arrival, options),
        (error) => refusalOf(error, options.self),
      )
    },
  }
}

function isForUser({ request, uri }: Arrival, domains: ReadonlySet<string>): boolean {
  if (request.method === 'REGISTER' || uri.user === undefined) return false
  return (uri.scheme === 'sip' || uri.scheme === 'sips') && domains.has(uri.host)
}

function find(arrival: Arrival, options: LocalTargetsOptions): MaybePromise<Decision> {
  const { location, accounts } = options
  if (isUnknownGruu(arrival.uri)) return unknownUser(options)
  const aor = addressOfRecord(arrival.uri)
  return andThen(location.lookup(aor), (bindings) => {
    if (bindings.length === 0) return nobodyThere(aor, options)
    const byDefault = options.anonymousDefault?.(arrival)
    if (byDefault === undefined || accounts === undefined) return toBindings(arrival, bindings, 'binding', options)
    return andThen(accounts.account(aor), (account) =>
      toBindings(arrival, bindings, (account?.anonymousCalls ?? byDefault) ? 'open-binding' : 'binding', options),
    )
  })
}

function toBindings(
  arrival: Arrival,
  bindings: readonly Binding[],
  by: 'binding' | 'open-binding',
  options: LocalTargetsOptions,
): Decision {
  const targets: Target[] = []
  for (const flows of byInstance(chosen(arrival, bindings))) {
    const target = targetOfInstance(flows, by, options)
    if (target !== undefined) targets.push(target)
  }
  return targets.length === 0 ? refuse(480, 'route.no-flow') : { kind: 'route', targets, because: 'local-user' }
}

/** The first binding that leads anywhere, with the others behind it. Mostly there is one (bench/proxy.ts, calls). */
function targetOfInstance(
  flows: readonly Binding[],
  by: 'binding' | 'open-binding',
  options: LocalTargetsOptions,
): Target | undefined {
  let first: Target | undefined
  const others: Target[] = []
  for (const binding of flows) {
    const found = targetOf(binding, options)
    if (found === undefined) continue
    const target = by === 'binding' ? found : { ...found, by }
    if (first === undefined) first = target
    else others.push(target)
  }
  return first === undefined || others.length === 0 ? first : { ...first, others }
}

/**
 * RFC 5626 §7: of the bindings of one instance one is a target, the others follow when it fails; the one registered
 * last comes first.
 */
function byInstance(bindings: readonly Binding[]): readonly (readonly Binding[])[] {
  if (bindings.length < 2) return bindings.length === 0 ? [] : [bindings]
  const groups = new Map<string, Binding[]>()
  for (const binding of bindings) {
    const key = instanceKey(binding.instance) ?? `;${binding.key}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [binding])
    else group.push(binding)
  }
  return [...groups.values()].map((group) => group.sort((one, other) => other.q - one.q || other.expires - one.expires))
}

function nobodyThere(aor: string, options: LocalTargetsOptions): MaybePromise<Decision> {
  const notHere = refuse(480, 'route.not-registered')
  if (options.accounts === undefined) return notHere
  return andThen(options.accounts.account(aor), (account) =>
    account === undefined || !account.enabled ? unknownUser(options) : notHere,
  )
}

function unknownUser({ self }: LocalTargetsOptions): Decision {
  return refuse(404, 'route.unknown-user', [diagnostics(1003, 'User does not exist', self)])
}

/** One instance when a GRUU names it; one endpoint when the To of an old client does; else all. */
function chosen({ uri, request }: Arrival, bindings: readonly Binding[]): readonly Binding[] {
  const isNamed = instanceSelector(uri)
  if (isNamed !== undefined) return bindings.filter(isNamed)
  const epid = request.to.parameters.get('epid')
  const endpoint = epid === undefined ? [] : bindings.filter((binding) => binding.epid === epid)
  return endpoint.length > 0 ? endpoint : bindings
}

/**
 * undefined: the flow it was reached by is gone, and there is no other way; or its Contact must not or cannot be
 * dialled: an earlier version stored it, or the server came later.
 */
export function targetOf(
  binding: Binding,
  { self, isOpen, servers }: Pick<LocalTargetsOptions, 'self' | 'isOpen' | 'servers'>,
): Target | undefined {
  if (!/^sips?:/i.test(binding.contact)) return undefined
  const base = {
    uri: withoutHeaders(binding.contact),
    flow: undefined,
    routes: binding.path,
    nextHop: undefined,
    q: binding.q,
    face: undefined,
    by: 'binding' as const,
  }
  if (binding.flow !== undefined && isOpen(binding.flow)) return { ...base, flow: binding.flow }
  if (!binding.flowBound) return binding.path.length > 0 ? base : dialled(base, servers)
  if (binding.owner === self || binding.ownerRoute === undefined) return undefined
  return { ...base, routes: [binding.ownerRoute, ...binding.path] }
}

function dialled(target: Target, servers: ServerPlaces | undefined): Target | undefined {
  if (servers === undefined) return target
  return servers.isOurs(target.uri) ? undefined : { ...target, mayDial: (hop) => servers.mayDial(target.uri, hop) }
}

/** A Request-URI carries no header part (RFC 3261 §19.1.1). A `?` before the `@` belongs to the user. */
function withoutHeaders(contact: string): string {
  const question = contact.indexOf('?', contact.lastIndexOf('@') + 1)
  return question === -1 ? contact : contact.slice(0, question)
}

/** The registrar (RFC 3261 §10.3): answers REGISTER for its domains. */
import { addressOfRecord } from '../../sip/message/uri.ts'
import { flat } from '../../sip/message/fast/flat.ts'
import { hasOptionTag, unknownTags } from '../../sip/message/option-tags.ts'
import type { HeaderField } from '../../sip/message/types.ts'
import type { Clock } from '../../sip/clock.ts'
import { pass, refuse } from '../../sip/routing/decision.ts'
import type { Arrival, Decision, Policy } from '../../sip/routing/decision.ts'
import { keptFor } from '../../sip/transport/flow.ts'
import { forgetIdentity, rememberIdentity } from '../authentication/flow-identity.ts'
import { provenHere } from '../authentication/authenticate.ts'
import type { LocationService } from '../location/location.ts'
import type { Outcome } from '../location/rules.ts'
import { diagnostics, refusalOf, refuseDisabled } from '../refusals.ts'
import { recovering, andThen } from '../maybe-promise.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Account } from '../store/directory.ts'
import { readContacts } from './contacts.ts'
import type { ContactSettings, ReadContacts } from './contacts.ts'
import { namesEndpoint } from './endpoint.ts'
import { dateHeader } from '../../sip/message/date-header.ts'
import { registeredHeaders } from './registered.ts'
import type { CommunicatorSettings } from './registered.ts'

/** Who may register; a cached directory, usually. */
export interface AccountSource {
  account(aor: string): MaybePromise<Account | undefined>
}

export interface RegistrarOptions {
  readonly location: LocationService
  /** undefined: every user part of the domains is a user. */
  readonly accounts: AccountSource | undefined
  /** Lower case. */
  readonly domains: readonly string[]
  readonly clock: Clock
  /** FQDN of this server. */
  readonly self: string
  /** Bindings per user; 20 unless given. */
  readonly maxContacts?: number
  readonly ownRoute?: ContactSettings['ownRoute']
  /** See `ContactSettings.servers`. */
  readonly servers?: ContactSettings['servers']
  /** Header fields for Communicator clients; undefined: none. */
  readonly communicator?: CommunicatorSettings
  /** Told when a user came or went, not of refreshes. */
  readonly changed?: ((aor: string) => void) | undefined
}

/** Option tags a REGISTER may require here (RFC 3261 §20.32); those of the old clients' presence included. */
const knownExtensions = new Set(['path', 'outbound', 'gruu', 'gruu-10', 'adhoclist', 'categorylist', 'ms-benotify'])

export function registrar(options: RegistrarOptions): Policy {
  const domains = new Set(options.domains)
  const settings: ContactSettings = {
    self: options.self,
    minExpires: 60,
    maxExpires: 86_400,
    defaultExpires: 7200,
    maxContacts: options.maxContacts ?? 20,
    ownRoute: options.ownRoute,
    servers: options.servers,
  }
  const service: Service = { options, domains, settings }
  return {
    name: 'registrar',
    decide(arrival) {
      if (arrival.request.method !== 'REGISTER' || !domains.has(arrival.uri.host)) return pass
      return recovering(
        () => step(arrival, service),
        (error) => refusalOf(error, options.self),
      )
    },
  }
}

interface Service {
  readonly options: RegistrarOptions
  readonly domains: ReadonlySet<string>
  readonly settings: ContactSettings
}

/** §10.3 steps 2 to 5: extensions, then the address-of-record. */
function step(arrival: Arrival, service: Service): MaybePromise<Decision> {
  const { request, remarks } = arrival
  const { accounts, self } = service.options
  const refusal = refuseExtensions(arrival) ?? refuseClient(arrival, self)
  if (refusal !== undefined) return refusal
  const { scheme, host, user } = request.toUri
  if (scheme !== 'sip' && scheme !== 'sips')
    return refuse(400, 'register.address-of-record', [], `To: the scheme "${scheme}" is no address-of-record`)
  if (!service.domains.has(host) || user === undefined) return unknownUser(self)
  const aor = flat(addressOfRecord(request.toUri))
  if (remarks.identity !== undefined && remarks.identity !== aor) {
    return refuse(403, 'auth.identity-mismatch', [
      diagnostics(4004, 'Credentials provided are not authorized to act as specified from URI', self),
    ])
  }
  return andThen(accounts?.account(aor), (found) => {
    if (accounts !== undefined && found === undefined) return unknownUser(self)
    if (found?.enabled === false) return refuseDisabled('register.user-disabled', request, self)
    return change(arrival, aor, service)
  })
}

function unknownUser(self: string): Decision {
  return refuse(404, 'register.unknown-user', [diagnostics(1003, 'User does not exist', self)])
}

/** Steps 6 to 8. */
function change(arrival: Arrival, aor: string, { options, settings }: Service): MaybePromise<Decision> {
  const read = readContacts(arrival, aor, settings)
  if (read.kind === 'refused') return read.decision
  return andThen(options.location.register(read.change), (outcome) => answerTo(arrival, read, outcome, options))
}

function answerTo(
  arrival: Arrival,
  read: ReadContacts & { kind: 'change' },
  outcome: Outcome,
  { self, communicator, clock, changed, location }: RegistrarOptions,
): Decision {
  if (outcome.kind === 'out-of-order') return refuse(500, 'register.out-of-order', [['Retry-After', '1']])
  if (outcome.kind === 'too-many')
    return refuse(403, 'register.too-many-contacts', [
      diagnostics(4000, `No more than ${outcome.limit} contacts at a time`, self),
    ])
  remember(arrival, read, location)
  if (read.expires === 0 || (read.expires !== undefined && outcome.refreshed === 'no')) changed?.(read.change.aor)
  const headers: HeaderField[] = registeredHeaders(arrival, outcome, read, communicator)
  headers.push(dateHeader(clock.wall()))
  return { kind: 'answer', status: 200, headers }
}

function remember(
  arrival: Arrival,
  { change: { aor }, expires }: ReadContacts & { kind: 'change' },
  location: LocationService,
): void {
  const { flow, wall } = arrival
  if (expires === undefined) return
  if (expires === 0) forgetIdentity(flow, aor)
  else if (provenHere(arrival, aor)) rememberIdentity(flow, aor, wall + expires * 1000)
  // Only datagram flows have to make room for others.
  if (flow.reliable) return
  if (location.holds(flow.id)) flow.notes.set(keptFor, true)
  else flow.notes.delete(keptFor)
}

/**
 * A Path from a server is stored although the client does not say that it knows Path: OCS clients never say so
 * (RFC 3327 §5.3 would have 421).
 */
function refuseExtensions({ request }: Arrival): Decision | undefined {
  const unknown = unknownTags(request, 'Require', knownExtensions)
  return unknown.length === 0
    ? undefined
    : refuse(420, 'register.extension-unknown', [['Unsupported', unknown.join(', ')]])
}

/**
 * What [MS-SIPREGE] 3.1.2.5.1 refuses: an Event other than `registration`, and a client of 2007 that cannot be
 * distinguished from other endpoints of its user. A client that does not claim to be one of 2007 needs no epid.
 */
function refuseClient({ request }: Arrival, self: string): Decision | undefined {
  const event = request.header('Event')
  if (event !== undefined && event.split(';')[0]?.trim().toLowerCase() !== 'registration')
    return refuse(489, 'register.event', [diagnostics(4055, 'Event of a REGISTER is registration', self)])
  if (!hasOptionTag(request, 'Supported', 'msrtc-event-categories')) return undefined
  if (!hasOptionTag(request, 'Supported', 'gruu-10'))
    return refuse(421, 'register.needs-gruu', [
      ['Require', 'gruu-10'],
      diagnostics(2057, 'A client with msrtc-event-categories supports gruu-10', self),
    ])
  const isNamed =
    namesEndpoint(request) || request.addresses('Contact').some(({ parameters }) => parameters.has('+sip.instance'))
  return isNamed
    ? undefined
    : refuse(400, 'register.no-endpoint', [diagnostics(4010, 'Neither epid nor +sip.instance', self)])
}

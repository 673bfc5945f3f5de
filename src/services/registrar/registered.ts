/**
 * Header fields of the 200 to a REGISTER (RFC 3261 §10.3 step 8, RFC 3327, 5626, 5627; what Communicator clients read).
 */
import { hasOptionTag } from '../../sip/message/option-tags.ts'
import { quote } from '../../sip/message/parameters.ts'
import type { HeaderField } from '../../sip/message/types.ts'
import type { Arrival } from '../../sip/routing/decision.ts'
import type { Binding } from '../location/binding.ts'
import type { ReadContacts } from './contacts.ts'
import type { Outcome, Refreshed } from '../location/rules.ts'
import { namesEndpoint } from './endpoint.ts'
import { endpointGruu, publicGruu } from './gruu.ts'

/** For clients that send an epid. Their reader wants each name spelled so, and no blank in lists. */
export interface CommunicatorSettings {
  /** Events the client subscribes to after sign-on: [`vnd-microsoft-roaming-contacts`, `presence`]. */
  readonly allowEvents: readonly string[]
  /** One line each; `msrtc-event-categories` selects the 2007 mode, its absence 2005. */
  readonly supported: readonly string[]
  /** Interval of the keep-alive. */
  readonly keepAliveSeconds: number
  /** `RTC/3.0` */
  readonly server: string
}

export function registeredHeaders(
  arrival: Arrival,
  { bindings, refreshed }: Outcome & { kind: 'done' },
  read: ReadContacts & { kind: 'change' },
  communicator: CommunicatorSettings | undefined,
): HeaderField[] {
  const { request, wall } = arrival
  const gruus = {
    public: hasOptionTag(request, 'Supported', 'gruu'),
    endpoint: hasOptionTag(request, 'Supported', 'gruu-10'),
  }
  const headers: HeaderField[] = bindings.map((binding) => ['Contact', contactValue(binding, wall, gruus)])
  if (read.expires !== undefined) headers.push(['Expires', String(read.expires)])
  if (hasOptionTag(request, 'Supported', 'path'))
    for (const path of request.headers('Path')) headers.push(['Path', path])
  if (read.outbound) headers.push(['Require', 'outbound'])
  if (communicator !== undefined && isCommunicator(arrival))
    headers.push(...communicatorHeaders(arrival, read, refreshed, communicator))
  return headers
}

/** Each on its own line: `<sip:…>;expires=7200;+sip.instance="<urn:uuid:…>"`. */
function contactValue(
  binding: Binding,
  wall: number,
  gruus: { readonly public: boolean; readonly endpoint: boolean },
): string {
  const seconds = Math.max(0, Math.ceil((binding.expires - wall) / 1000))
  const { q, instance, regId } = binding
  let value = `<${binding.contact}>;expires=${seconds}`
  if (q !== 1000) value += `;q=${q / 1000}`
  if (instance !== undefined) value += `;+sip.instance=${quote(`<${instance}>`)}`
  if (regId !== undefined) value += `;reg-id=${regId}`
  if (instance !== undefined && gruus.public) value += `;pub-gruu="${publicGruu(binding.aor, instance)}"`
  const gruu = gruus.endpoint ? endpointGruu(binding.aor, binding) : undefined
  return gruu === undefined ? value : `${value};gruu="${gruu}"`
}

function isCommunicator({ request }: Arrival): boolean {
  return namesEndpoint(request) || request.header('ms-keep-alive') !== undefined
}

function communicatorHeaders(
  { request, remarks }: Arrival,
  read: ReadContacts & { kind: 'change' },
  refreshed: Refreshed,
  settings: CommunicatorSettings,
): HeaderField[] {
  const headers: HeaderField[] = settings.supported.map((tag) => ['Supported', tag])
  if (settings.allowEvents.length > 0) headers.push(['Allow-Events', settings.allowEvents.join(',')])
  if (request.header('ms-keep-alive') !== undefined) {
    headers.push(['ms-keep-alive', `UAS; tcp=no; hop-hop=yes; end-end=no; timeout=${settings.keepAliveSeconds}`])
  }
  if (remarks.remote) headers.push(['ms-user-logon-data', 'RemoteUser'])
  headers.push(['presence-state', `register-action="${actionOf(read, refreshed)}"`], ['Server', settings.server])
  return headers
}

/**
 * [MS-SIPREGE] 3.1.1.5.1: a client takes `added` or `fixed` on a refresh for a registration that was lost, and signs in
 * anew.
 */
function actionOf({ expires }: ReadContacts & { kind: 'change' }, refreshed: Refreshed): string {
  if (expires === 0) return 'removed'
  switch (refreshed) {
    case 'no':
      return 'added'
    case 'same':
      return 'refreshed'
    case 'moved':
      return 'fixed'
    default:
      return refreshed satisfies never
  }
}

/**
 * Reads the Contact, Expires and Path of a REGISTER into a change of bindings (RFC 3261 §10.3, RFC 3327, RFC 5626 §6).
 */
import { parseUri, uriText } from '../../sip/message/uri.ts'
import { flat } from '../../sip/message/fast/flat.ts'
import type { NameAddress, SipRequest, SipUri } from '../../sip/message/types.ts'
import { refuse } from '../../sip/routing/decision.ts'
import { namesEndpoint } from './endpoint.ts'
import { isGruuOf } from './gruu.ts'
import { hasOptionTag } from '../../sip/message/option-tags.ts'
import type { Arrival, Decision } from '../../sip/routing/decision.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import type { Change, ContactChange } from '../location/rules.ts'
import { endpointText } from '../../sip/message/endpoint.ts'
import type { PlaceOwner, ServerPlaces } from './server-places.ts'

export interface ContactSettings {
  /** FQDN of this front end. */
  readonly self: string
  /** Seconds. */
  readonly minExpires: number
  readonly maxExpires: number
  readonly defaultExpires: number
  readonly maxContacts: number
  /**
   * Path value that leads other front ends to this one and to the flow: `<sip:9f86…@fe1.lab.test;transport=tls;lr>`.
   * undefined: no other front end serves this pool.
   */
  readonly ownRoute: ((flow: Flow) => string) | undefined
  /** Where no binding may lead. undefined: no server is known. */
  readonly servers: ServerPlaces | undefined
}

export type ReadContacts =
  | {
      readonly kind: 'change'
      readonly change: Change
      /** True: an outbound registration; the answer says so with Require. */
      readonly outbound: boolean
      /** Seconds granted to the contacts of this request; undefined: it only asked. */
      readonly expires: number | undefined
    }
  | { readonly kind: 'refused'; readonly decision: Decision }

/** Above one hour a registrar may not call an interval too brief (RFC 3261 §10.3 step 7). */
const neverTooBrief = 3600

/** @throws MessageError when a header field is malformed */
export function readContacts(arrival: Arrival, aor: string, settings: ContactSettings): ReadContacts {
  const { request, wall } = arrival
  const lines = request.headers('Contact')
  const star = lines.some((line) => line.trim() === '*')
  if (star) return readStar(arrival, aor, lines.length, settings)
  const contacts = request.addresses('Contact')
  const times = contacts.map((contact) => grantedExpires(contact, request, settings))
  const outbound = outboundOf(
    arrival,
    contacts.filter((_, at) => times[at] !== 0),
  )
  if (outbound.kind === 'refused') return outbound
  const changes: ContactChange[] = []
  let granted: number | undefined
  for (const [at, contact] of contacts.entries()) {
    const expires = times[at] ?? 0
    if (typeof expires !== 'number') return { kind: 'refused', decision: expires }
    const isOutbound = outbound.active || (expires === 0 && removesFlow(arrival, contact))
    if (expires > 0 && isGruuOf(aor, contact.uri))
      return refused(
        403,
        'register.contact-gruu',
        'Contact: a GRUU of the same user leads back to itself (RFC 5627 §5.1)',
      )
    const change = readContact(arrival, contact, expires, isOutbound, settings)
    if (change.kind === 'refused') return change
    changes.push(change.change)
    granted = Math.max(granted ?? 0, expires)
  }
  const change = changeOf(request, aor, wall, changes, false, settings)
  return { kind: 'change', change, outbound: outbound.active, expires: granted }
}

/** A binding of a flow is removed by its reg-id too, however many Contacts there are. */
function removesFlow({ request, flow }: Arrival, { parameters }: NameAddress): boolean {
  return (
    (flow.reliable || !request.hasOneVia) &&
    parameters.has('reg-id') &&
    parameters.has('+sip.instance') &&
    hasOptionTag(request, 'Supported', 'outbound')
  )
}

/** `Contact: *` must be alone and come with `Expires: 0` (RFC 3261 §10.2.2, §10.3 step 6). */
function readStar({ request, wall }: Arrival, aor: string, lines: number, settings: ContactSettings): ReadContacts {
  if (lines > 1 || !/^0+$/.test(request.header('Expires') ?? ''))
    return refused(400, 'register.star-not-alone', 'Contact: * comes with another value, or without Expires: 0')
  return { kind: 'change', change: changeOf(request, aor, wall, [], true, settings), outbound: false, expires: 0 }
}

function changeOf(
  request: SipRequest,
  aor: string,
  wall: number,
  contacts: readonly ContactChange[],
  all: boolean,
  settings: ContactSettings,
): Change {
  return { aor, callId: request.callId, cseq: request.cseq, wall, all, contacts, limit: settings.maxContacts }
}

/** Seconds; a malformed value counts as an hour (RFC 3261 §20.10). */
function grantedExpires(contact: NameAddress, request: SipRequest, settings: ContactSettings): number | Decision {
  const text = contact.parameters.get('expires') ?? request.header('Expires')
  const wanted = text === undefined ? settings.defaultExpires : /^\d+$/.test(text) ? Number(text) : neverTooBrief
  if (wanted > 0 && wanted < settings.minExpires && wanted < neverTooBrief) {
    return refuse(423, 'register.interval-too-brief', [['Min-Expires', String(settings.minExpires)]])
  }
  return Math.min(wanted, settings.maxExpires)
}

/**
 * RFC 5626 §6: reg-id counts with +sip.instance and `Supported: outbound` only, and only when the first hop can keep
 * the flow: that is us, or the one that wrote the last Path value, with `ob`. Contacts that are being removed do not
 * count. Lab choice: not over UDP, where nothing here answers the keep-alives of a client (RFC 5626 §4.4.2); then the
 * answer does not require outbound, and the Contact is dialled.
 */
function outboundOf({ request, flow }: Arrival, added: readonly NameAddress[]): Outbound | Refusal {
  const asked = added.filter(({ parameters }) => parameters.has('reg-id') && parameters.has('+sip.instance'))
  if (asked.length === 0 || !hasOptionTag(request, 'Supported', 'outbound')) return { kind: 'known', active: false }
  if (added.length > 1) {
    const found = `Contact: ${added.length} values are added, one of them with reg-id (RFC 5626 §6)`
    return refused(400, 'register.outbound-with-several-contacts', found)
  }
  if (request.hasOneVia) return { kind: 'known', active: flow.reliable }
  if (!(request.addresses('Path').at(-1)?.uri.parameters.has('ob') ?? false))
    return { kind: 'refused', decision: refuse(439, 'register.first-hop-lacks-outbound') }
  return { kind: 'known', active: true }
}

interface Outbound {
  readonly kind: 'known'
  readonly active: boolean
}

interface Refusal {
  readonly kind: 'refused'
  readonly decision: Decision
}

function refused(status: number, because: string, found: string): Refusal {
  return { kind: 'refused', decision: refuse(status, because, [], found) }
}

/** What the parameters of a Contact say. */
interface Wanted {
  readonly q: number
  readonly regId: number | undefined
  readonly instance: string | undefined
  readonly epid: string | undefined
  readonly userAgent: string
  /** MS-SIPRE: the address that this end saw takes the place of the one in the URI. */
  readonly replace: boolean
}

function readContact(
  arrival: Arrival,
  contact: NameAddress,
  expires: number,
  outbound: boolean,
  settings: ContactSettings,
): { kind: 'change'; change: ContactChange } | Refusal {
  const foreign = expires > 0 ? refuseScheme(contact) : undefined
  if (foreign !== undefined) return foreign
  const wanted = readWanted(arrival, contact, outbound)
  if (wanted.kind === 'refused') return wanted
  const uri = wanted.wanted.replace ? withAddress(contact.uri, arrival.flow) : contact.uri
  if (!isStorable(storedTexts(arrival, uri, wanted.wanted))) {
    const found = `the texts of the binding have a control character, or more than ${textLimit} octets`
    return refused(400, 'register.text-not-storable', found)
  }
  const reach = reachOf(arrival, uri, outbound || wanted.wanted.replace)
  const refusal =
    expires > 0 ? (refuseServer(arrival, uri, reach, settings) ?? refuseUndialable(arrival, uri, reach)) : undefined
  if (refusal !== undefined) return refusal
  return { kind: 'change', change: { uri, binding: bindingOf(arrival, uri, expires, wanted.wanted, reach, settings) } }
}

/** Nothing here dials `tel` or `mailto`. */
function refuseScheme({ uri: { scheme } }: NameAddress): Refusal | undefined {
  if (scheme === 'sip' || scheme === 'sips') return undefined
  const found = `Contact: nothing can be sent to the scheme "${scheme}", wanted sip or sips`
  return refused(400, 'register.contact-scheme', found)
}

/**
 * What no flow leads to is dialled: by a transport that is dialled here, at a name that may have an address. One below
 * `.invalid` has none (RFC 7118 §5). What comes from a server is reached by its Path.
 */
function refuseUndialable({ request, flow }: Arrival, uri: SipUri, { onFlow }: Reach): Refusal | undefined {
  if (onFlow && uri.scheme === 'sips' && !flow.secure) {
    const found = 'Contact: sips means TLS on every hop (RFC 5630 §5.3), and this connection is not secured'
    return refused(400, 'register.contact-unreachable', found)
  }
  if (onFlow || !request.hasOneVia) return undefined
  if (isUnreal(uri)) {
    const found = `Contact: the host ${placeOf(uri)} has no address, and no connection leads to it instead`
    return refused(400, 'register.contact-unreachable', found)
  }
  const transport = uri.parameters.get('transport')?.toLowerCase()
  const dialled = uri.scheme === 'sips' ? ['tls', 'tcp'] : ['udp', 'tcp', 'tls']
  if (transport === undefined || dialled.includes(transport)) return undefined
  const found = `Contact: nothing here dials ${uri.scheme} by "${transport}", wanted ${dialled.join(', ')}`
  return refused(400, 'register.contact-unreachable', found)
}

/** `maddr` takes the place of the host (RFC 3263 §4). */
function placeOf({ host, parameters }: SipUri): string {
  return parameters.get('maddr') ?? host
}

function isUnreal(uri: SipUri): boolean {
  return /(?:^|\.)invalid$/.test(placeOf(uri))
}

/**
 * A phone is no server of ours: dialled there, a call to its user would show our certificate and the identity of the
 * caller. A gateway may register users at itself, known by its certificate. Not asked of a Contact that is never
 * dialled: its flow or its Path leads to the phone.
 */
function refuseServer(
  { request, flow: { peer } }: Arrival,
  uri: SipUri,
  { bound }: Reach,
  { servers }: ContactSettings,
): Refusal | undefined {
  if (bound || request.header('Path') !== undefined) return undefined
  const owner = servers?.ownerOf(uri, peer?.names)
  if (owner === undefined) return undefined
  const place = placeOf(uri)
  return refused(
    403,
    'register.contact-server',
    `Contact: ${uri.port === undefined ? place : `${place}:${uri.port}`} ${wantedInsteadOf[owner]}`,
  )
}

const wantedInsteadOf: Readonly<Record<PlaceOwner, string>> = {
  ours:
    'is a server of this organisation, wanted the address of the phone; a phone on that machine gives the port on ' +
    'which it listens itself',
  theirs:
    'is a server of a static route, wanted the address of the phone; that server registers users at itself over TLS ' +
    'with its own certificate',
}

function readWanted(
  arrival: Arrival,
  { parameters, uri }: NameAddress,
  outbound: boolean,
): { kind: 'wanted'; wanted: Wanted } | Refusal {
  const q = readQ(parameters.get('q'))
  if (q === undefined)
    return refused(400, 'register.contact-parameter', `Contact: q=${parameters.get('q')} is no number from 0 to 1`)
  const instance = readInstance(parameters)
  if (instance === '') {
    const found = 'Contact: +sip.instance has no value, wanted one such as "<urn:uuid:…>"'
    return refused(400, 'register.contact-parameter', found)
  }
  const regId = outbound ? readRegId(parameters.get('reg-id')) : undefined
  if (Number.isNaN(regId)) {
    const found = `Contact: reg-id=${parameters.get('reg-id')} is no number from 1 to 2147483647`
    return refused(400, 'register.contact-parameter', found)
  }
  const replace = readReplace(uri, parameters, arrival)
  if (replace === 'refused')
    return refused(
      400,
      'register.proxy-replace',
      'Contact: proxy=replace needs the transport of this flow, one hop away',
    )
  const { request } = arrival
  const epid = namesEndpoint(request) ? request.from.parameters.get('epid') : undefined
  const userAgent = request.header('User-Agent') ?? ''
  return { kind: 'wanted', wanted: { q, regId, instance, epid, userAgent, replace } }
}

/** `urn:uuid:6163cf37-…`, without its brackets. Empty: it says nothing, so it could not tell two devices apart. */
function readInstance(parameters: NameAddress['parameters']): string | undefined {
  if (!parameters.has('+sip.instance')) return undefined
  return (parameters.get('+sip.instance') ?? '').replace(/^<|>$/g, '').trim()
}

function storedTexts(
  { request }: Arrival,
  uri: SipUri,
  { instance, epid, userAgent }: Wanted,
): readonly (string | undefined)[] {
  const texts = [uri.text, request.callId, instance, epid, userAgent]
  const paths = request.headers('Path')
  return paths.length === 0 ? texts : texts.concat(paths)
}

function bindingOf(
  { request, flow, wall }: Arrival,
  uri: SipUri,
  expires: number,
  { q, regId, instance, epid, userAgent }: Wanted,
  reach: Reach,
  settings: ContactSettings,
): ContactChange['binding'] {
  return {
    contact: flat(uri.text),
    q,
    expires: wall + expires * 1000,
    path: request.headers('Path').length === 0 ? [] : request.addresses('Path').map((path) => flat(path.text)),
    instance: instance && flat(instance),
    regId,
    epid,
    owner: settings.self,
    ownerRoute: reach.onFlow ? settings.ownRoute?.(flow) : undefined,
    flowBound: reach.bound,
    flow: reach.onFlow ? flow.id : undefined,
    userAgent: userAgent.slice(0, 200),
    received: sourceOf(flow),
  }
}

/** Octets of one binding, all its text together. */
const textLimit = 8192

/** Stored text has one value a line, and databases take no NUL: a quoted string could carry either. */
function isStorable(texts: readonly (string | undefined)[]): boolean {
  let length = 0
  for (const text of texts) {
    if (text === undefined) continue
    length += text.length
    if (length > textLimit || /[\x00-\x08\x0a-\x1f\x7f]/.test(text)) return false
  }
  return true
}

/** Thousandths; no parameter is as good as 1. undefined: malformed. */
function readQ(text: string | undefined): number | undefined {
  if (text === undefined) return 1000
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Math.round(Number(text) * 1000) : undefined
}

function readRegId(text: string | undefined): number {
  const value = /^\d{1,10}$/.test(text ?? '') ? Number(text) : Number.NaN
  return value >= 1 && value < 2 ** 31 ? value : Number.NaN
}

/**
 * MS-SIPRE: the first hop may put the address it saw into the Contact. Behind one of our own servers it has been done.
 */
function readReplace(
  uri: SipUri,
  parameters: NameAddress['parameters'],
  { request, flow }: Arrival,
): boolean | 'refused' {
  if (!parameters.has('proxy')) return false
  if (parameters.get('proxy')?.toLowerCase() !== 'replace') return 'refused'
  if (flow.peer?.class === 'server' || flow.peer?.class === 'edge') return false
  if (!request.hasOneVia) return 'refused'
  const transport = transportOf(uri)
  return transport === flow.transport ? true : 'refused'
}

function transportOf(uri: SipUri): string {
  return uri.parameters.get('transport')?.toLowerCase() ?? (uri.scheme === 'sips' ? 'tls' : 'udp')
}

function withAddress(uri: SipUri, flow: Flow): SipUri {
  const parameters = new Map([...uri.parameters].filter(([name]) => name !== 'maddr'))
  return parseUri(uriText({ ...uri, parameters }, sourceOf(flow)))
}

function sourceOf(flow: Flow): string {
  const { address, port } = flow.remote
  return endpointText(address, port)
}

/**
 * Whether requests for the contact use the flow of its registration, and whether they can use nothing else.
 * A connection that a client opened is its only door when its Contact names that connection, or no real address, or
 * when it showed no certificate (no server could verify it by dialling). A Contact that names another place is dialled.
 */
function reachOf({ request, flow }: Arrival, uri: SipUri, asked: boolean): Reach {
  const alone =
    flow.reliable &&
    flow.direction === 'accepted' &&
    request.hasOneVia &&
    flow.peer?.class !== 'server' &&
    flow.peer?.class !== 'edge'
  if (!alone) return { onFlow: false, bound: false }
  const unreachable = asked || isUnreal(uri) || flow.transport === 'ws' || flow.transport === 'wss'
  const isSame = namesSource(uri, flow) && (flow.secure || uri.scheme !== 'sips')
  const onFlow = unreachable || isSame || (flow.secure && flow.peer === undefined)
  return { onFlow, bound: onFlow && (unreachable || flow.secure) }
}

interface Reach {
  readonly onFlow: boolean
  readonly bound: boolean
}

function namesSource(uri: SipUri, flow: Flow): boolean {
  const port = uri.port ?? (flow.secure ? 5061 : 5060)
  return port === flow.remote.port && placeOf(uri).replace(/^\[|\]$/g, '') === flow.remote.address
}

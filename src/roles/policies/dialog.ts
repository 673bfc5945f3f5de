import { addressOfRecord } from '../../sip/message/uri.ts'
import { type Arrival, pass, type Policy, refuse, type Standing } from '../../sip/routing/decision.ts'
import {
  decoded,
  encoded,
  encodedUser,
  hopText,
  isServer,
  readHop,
  type Side,
  unknownIdentity,
  type Ends,
} from '../../sip/routing/dialog-record.ts'
import { type FlowTokens, flowsIn, tokenSeparator } from '../../sip/routing/flow-token.ts'
import { type Facts, judge } from '../law/law.ts'

/**
 * Reads the record. A value that was sealed for another dialog, or by an earlier version, is refused; REGISTER and
 * PUBLISH are in no dialog, and a value of one in them is refused by the law.
 *
 * @param homes domains whose users are at home behind this server, lower case; see `goesHome`
 */
export function recogniseDialog(tokens: FlowTokens, facts: Facts, homes: readonly string[] = []): Policy {
  const domains = new Set(homes)
  return {
    name: 'recognise-dialog',
    decide(arrival) {
      const last = arrival.ownRoute?.uri.user
      if (last === undefined) return pass
      const { request, remarks } = arrival
      const first = arrival.nearRoute?.uri.user ?? last
      const near = tokens.recognise(first, request)
      const far = first === last ? near : tokens.recognise(last, request)
      if (near.kind === 'unsealed' && far.kind === 'unsealed') return pass
      if (near.kind === 'old' || far.kind === 'old') return refuse(403, 'route.token-old')
      if (near.kind !== 'dialog' || far.kind !== 'dialog' || !isOneDialog(near, far))
        return refuse(403, 'route.token-forged')
      const { sender, isCaller } = near
      const other = otherEnd(near.other, far.other)
      remarks.dialog = { sender, other, isCaller, proved: false, endsHome: goesHome(arrival, other, domains) }
      if (request.method !== 'REGISTER' && request.method !== 'PUBLISH') return pass
      return judge(arrival, facts, request.method === 'REGISTER' ? 'registrar' : 'binding') ?? pass
    },
  }
}

/**
 * A subscription that a home server holds: its Contact is the address-of-record that is watched, so that another front
 * end can go on with it. Such a request is sent home as one outside any dialog is, and its sender proves who it is: a
 * server that answers by itself leaves no record that could say so there.
 */
function goesHome({ request, uri, routes }: Arrival, other: Side, domains: ReadonlySet<string>): boolean {
  return (
    request.method === 'SUBSCRIBE' &&
    routes.length === 0 &&
    other.organisation === '' &&
    domains.has(uri.host) &&
    readHop(other.hop).kind === 'server'
  )
}

/** Two calls may have one Call-ID and one tag where somebody wants it so: their values do not go together. */
function isOneDialog(near: Ends, far: Ends): boolean {
  return near === far || (near.sender.uri === far.sender.uri && near.other.uri === far.other.uri)
}

/** The last value knows the way, the first one of a pool often better whose it is. */
function otherEnd(near: Side, far: Side): Side {
  return far.identity === unknownIdentity && near !== far ? { ...far, identity: near.identity } : far
}

export interface ProveDialogOptions {
  readonly tokens: FlowTokens
  /** Whether the server at the other end of this flow speaks for that organisation; empty: ours. */
  readonly speaksFor: (arrival: Arrival, organisation: string) => boolean
}

/** The first two ways: the flow of the dialog, and the server that speaks for the sender. */
export function proveDialog({ tokens, speaksFor }: ProveDialogOptions): Policy {
  return {
    name: 'prove-dialog',
    decide(arrival) {
      const { dialog } = arrival.remarks
      if (dialog === undefined || !mayProveByHop(dialog) || !isAtHop(arrival, dialog, tokens, speaksFor)) return pass
      if (speaksAs(arrival, dialog.sender)) arrival.remarks.dialog = { ...dialog, proved: true }
      else if (tellsWho(dialog.sender)) arrival.remarks.other.set(atHop, true)
      return pass
    },
  }
}

/** A user of ours proves who it is to the home of a subscription; a user of others has no account there. */
function mayProveByHop({ endsHome, sender }: Standing): boolean {
  return endsHome !== true || sender.organisation !== ''
}

/** Every user of ours comes by the servers of ours: that one of them sent it does not say which user did. */
function tellsWho({ hop, organisation }: Side): boolean {
  return organisation !== '' || readHop(hop).kind !== 'server'
}

/** In the notes of a request: it came by the flow of its dialog, under another name than that of the dialog. */
const atHop = 'dialog.at-hop'

/**
 * The third way, when it is known who the sender is. A request that is none of this dialog has no right to its route.
 */
export function proveDialogByIdentity(facts: Facts): Policy {
  return {
    name: 'prove-dialog',
    decide(arrival) {
      const { dialog, other, identity } = arrival.remarks
      if (dialog === undefined || dialog.proved || arrival.request.method === 'ACK') return pass
      if (isParty(arrival, dialog.sender, identity, other.get(atHop) === true)) {
        arrival.remarks.dialog = { ...dialog, proved: true }
        return pass
      }
      return judge(arrival, facts, 'dialog') ?? pass
    },
  }
}

function isParty(arrival: Arrival, sender: Side, identity: string | undefined, cameByHop: boolean): boolean {
  if (identity === undefined) return false
  const named = speaksAs(arrival, sender)
  const ownName = identity === addressOfRecord(arrival.request.fromUri)
  if (sender.identity === unknownIdentity) return named && ownName
  // RFC 4916: From may be another URI than before, when the user is authenticated as that URI.
  return (cameByHop || encoded(identity) === sender.identity) && (named || ownName)
}

/** From is that of the dialog (RFC 3261 §12.2.1.1). */
export function speaksAs({ request }: Arrival, side: Side): boolean {
  return encodedUser(request.fromUri) === side.uri
}

/** To is the other end (RFC 3261 §12.2.1.1), by the URI of the dialog or by the name that it took since (RFC 4916). */
function speaksTo({ request }: Arrival, { uri, identity }: Side): boolean {
  const to = encodedUser(request.toUri)
  return to === uri || to === identity
}

/** Who may answer a challenge for this request besides the user in From. */
export function recordedParty(arrival: Arrival): string | undefined {
  const { dialog } = arrival.remarks
  if (dialog === undefined || !speaksAs(arrival, dialog.sender)) return undefined
  return decoded(dialog.sender.identity)
}

function isAtHop(
  arrival: Arrival,
  { sender, other, isCaller }: Standing,
  tokens: FlowTokens,
  speaksFor: ProveDialogOptions['speaksFor'],
): boolean {
  const { flow } = arrival
  const hop = readHop(sender.hop)
  switch (hop.kind) {
    case 'token':
      return flow.reliable && tokens.of(flow) === senderToken(arrival, isCaller)
    case 'flow':
      return flow.reliable && tokens.claimOf(flow) === hop.claim
    case 'address':
      return hopText(flow, 'none', '') === sender.hop
    case 'server':
      return (
        (isServer(flow) || sender.organisation !== '') &&
        flow.peer !== undefined &&
        speaksFor(arrival, sender.organisation) &&
        // A server of ours judged by its own record: with another To that may be one of another dialog.
        (sender.organisation !== '' || speaksTo(arrival, other))
      )
    default:
      return hop satisfies never
  }
}

/** The token of the caller comes first. */
function senderToken({ nearRoute }: Arrival, isCaller: boolean): string {
  const flows = flowsIn(nearRoute?.uri.user ?? '')
  const separator = flows.indexOf(tokenSeparator)
  if (separator === -1) return flows
  return isCaller ? flows.slice(0, separator) : flows.slice(separator + tokenSeparator.length)
}

/** A subscription as a row of the pool store: the dialog it lives in (RFC 6665 §4.4.1), and what is sent in it. */
import { flat } from '../../sip/message/fast/flat.ts'
import { randomToken } from '../../sip/message/random.ts'
import type { HeaderField, SipRequest } from '../../sip/message/types.ts'
import type { SubscriptionRow } from '../store/schema.ts'
import { type Format, formatFor } from './formats.ts'

export interface Dialog {
  readonly callId: string
  /** Our end, From of a notification: `<sip:alice@lab.test>;tag=8f1c`. */
  readonly local: string
  readonly localTag: string
  /** The watcher's end, To of a notification, with its epid. */
  readonly remote: string
  readonly remoteTag: string
  /** Contact of the watcher: the Request-URI of a notification. */
  readonly contact: string
  /** Route set, top first. */
  readonly routes: readonly string[]
  readonly epid: string | undefined
  /** Event with its parameters. */
  readonly event: string
  readonly format: Format
  /** BENOTIFY, which is not answered, instead of NOTIFY ([MS-SIP] 3.2). */
  readonly benotify: boolean
  /** Wall-clock milliseconds: CSeq of a notification counts from here, so that none has to be stored. */
  readonly since: number
  /** Watcher of another organisation. */
  readonly foreign: boolean
  /** URI of the resource list that is watched (RFC 4662); absent: single users. */
  readonly list?: string
  /**
   * Of the last document whose versions count in this dialog (RFC 4662 §5.2, RFC 3858 §4.1): 0 in the first. Absent: no
   * such dialog, or one stored by an earlier release. The rows of a list may differ: the highest counts.
   */
  readonly version?: number
}

export interface Subscription {
  readonly dialog: Dialog
  readonly event: string
  /** Whose state is watched. */
  readonly resource: string
  readonly watcher: string
  /** Wall-clock milliseconds. */
  readonly expires: number
}

/** The dialog that a SUBSCRIBE begins. */
export function newDialog(
  request: SipRequest,
  { wall, foreign, formats }: { readonly wall: number; readonly foreign: boolean; readonly formats: readonly Format[] },
): Dialog {
  const localTag = randomToken(8)
  return {
    ...peerOf(request),
    callId: flat(request.callId),
    local: `<${request.toUri.text}>;tag=${localTag}`,
    localTag,
    remote: flat(request.header('From') ?? ''),
    remoteTag: flat(request.fromTag ?? ''),
    epid: request.from.parameters.get('epid'),
    event: flat(request.header('Event') ?? ''),
    format: formatFor(request.list('Accept'), formats),
    benotify: request.list('Supported').includes('ms-benotify'),
    since: wall,
    foreign,
    version: 0,
  }
}

/** A refresh may name another Contact (RFC 6665 §4.4.2, target refresh), and is answered with the next document. */
export function refreshed(known: readonly [Subscription, ...Subscription[]], request: SipRequest): Dialog {
  return { ...known[0].dialog, contact: peerOf(request).contact, version: nextVersion(known) }
}

/** One more than the last, so that a gap means a lost document. @param known the rows of one dialog */
export function nextVersion(known: readonly Subscription[]): number {
  return Math.max(0, ...known.map(({ dialog }) => dialog.version ?? 0)) + 1
}

function peerOf(request: SipRequest): Pick<Dialog, 'contact' | 'routes'> {
  const [contact] = request.addresses('Contact')
  return {
    contact: flat(contact?.uri.text ?? request.fromUri.text),
    routes: request.addresses('Record-Route').map(({ text }) => flat(text)),
  }
}

const separator = '\n'

/** Key of one resource in one dialog. */
function keyOf({ callId, localTag }: Dialog, resource: string): string {
  return [callId, localTag, resource].join(separator)
}

export function subscriptionKey({ dialog, resource }: Subscription): string {
  return keyOf(dialog, resource)
}

export function rowOf(subscription: Subscription, owner: string): SubscriptionRow {
  const { event, resource, watcher, expires, dialog } = subscription
  return {
    dialog: subscriptionKey(subscription),
    event,
    resource,
    watcher,
    expires,
    owner,
    state: dialogText({ dialog }),
  }
}

/** The dialog as its row has it. */
export function dialogText({ dialog }: Pick<Subscription, 'dialog'>): string {
  return JSON.stringify(dialog)
}

export function subscriptionOf({ event, resource, watcher, expires, state }: SubscriptionRow): Subscription {
  return { event, resource, watcher, expires, dialog: JSON.parse(state) as Dialog }
}

export function isOfDialog({ dialog }: Subscription, callId: string, localTag: string): boolean {
  return dialog.callId === callId && dialog.localTag === localTag
}

/** One NOTIFY or BENOTIFY, ready for its sender. */
export interface Notification {
  readonly subscription: Subscription
  /** Value of Subscription-State: `active;expires=600`. */
  readonly state: string
  readonly contentType: string
  readonly body: string
  /**
   * Of two notifications of a dialog, the one whose state began to be read earlier may be older: it has the lower CSeq,
   * also when it is sent later, and the watcher does not take it after the other. Wall-clock milliseconds; absent: now.
   */
  readonly asOf?: number
  /** Absent: none beside those of every notification. */
  readonly headers?: readonly HeaderField[]
}

export interface Outbox {
  /** @param gone asked when the watcher answers that it knows no such subscription (RFC 6665 §4.2.2) */
  send(notification: Notification, gone: () => void): void
}

/** SUBSCRIBE to many users at once: the batch of OCS 2007 (`adhoclist`), and resource lists (RFC 4662, RFC 5367). */
import type { SipRequest, SipUri } from '../../sip/message/types.ts'
import { MessageError } from '../../sip/message/message-error.ts'
import { addressOfRecord, parseUri } from '../../sip/message/uri.ts'
import { type Refused, refuse } from '../../sip/routing/decision.ts'
import type { Dialog, Subscription } from './dialog.ts'
import type { Keeper } from './keeper.ts'
import { descendant, type Element, parseXml } from './xml.ts'

/** Whom a SUBSCRIBE watches. */
export type Watched =
  /** Its Request-URI. */
  | { readonly kind: 'one' }
  /** The users of a batch; after that, each has notifications of its own. */
  | {
      readonly kind: 'batch'
      readonly uris: readonly string[]
      /** Users of the dialog that are watched no more. */
      readonly ends: readonly string[]
    }
  /** A resource list: every notification carries the whole list. */
  | { readonly kind: 'list'; readonly uri: string; readonly uris: readonly string[] }
  | { readonly kind: 'refused'; readonly decision: Refused }

/** Resources of one resource list at most: each notification carries all of them. */
const listLimit = 200
const listsType = 'application/resource-lists+xml'
/** `sip:alice@lab.test;list=contacts` is the roaming contact list of alice. */
const contactsList = 'contacts'

interface ListAsk {
  readonly request: SipRequest
  /** Request-URI. */
  readonly uri: SipUri
  /** Address-of-record of it. */
  readonly resource: string
  /** What the dialog watches already. */
  readonly known: readonly Subscription[]
}

/** The type of the body says, else the Request-URI, else what the dialog watches already. @throws XmlError */
export async function watchedBy({ request, uri, resource, known }: ListAsk, keeper: Keeper): Promise<Watched> {
  const type = (request.header('Content-Type') ?? '').toLowerCase().split(';')[0]?.trim() ?? ''
  const batch = batchRoots[type]
  if (batch !== undefined) return readBatch(request, batch)
  const before = known[0]?.dialog.list
  if (type === listsType) return listed(request, before ?? uri.text, readLists(request))
  // A refresh names the Contact of the dialog, and repeats no body (RFC 5367 §4).
  const list = before === undefined ? uri.parameters.get('list') : parseUri(before).parameters.get('list')
  if (list === contactsList) return listed(request, before ?? uri.text, await contactsOf(resource, keeper))
  const watched = [...new Set(known.map((one) => one.resource))]
  if (before !== undefined) return listed(request, before, watched)
  // The refresh of a batch without a body: the users are those of the dialog, and not the one in the Request-URI.
  if (watched.length > 0 && !watched.includes(resource)) return { kind: 'batch', uris: watched, ends: [] }
  return { kind: 'one' }
}

/** A dialog that watches a list says which. */
export function withList(dialog: Dialog, watched: Watched): Dialog {
  return watched.kind === 'list' ? { ...dialog, list: watched.uri } : dialog
}

function listed(request: SipRequest, uri: string, uris: readonly string[]): Watched {
  const refused = (decision: Refused): Watched => ({ kind: 'refused', decision })
  // RFC 4662 §4.3: without the extension the client cannot be notified of a list.
  if (!request.list('Supported').some((tag) => tag.toLowerCase() === 'eventlist'))
    return refused(refuse(421, 'presence.eventlist-required', [['Require', 'eventlist']]))
  if (uris.length > listLimit)
    return refused(
      refuse(403, 'presence.list-too-long', [
        ['ms-diagnostics', `4000;reason="A resource list has at most ${listLimit} users"`],
      ]),
    )
  return { kind: 'list', uri, uris }
}

async function contactsOf(owner: string, keeper: Keeper): Promise<readonly string[]> {
  const { contacts } = await keeper.documents.read(owner, 'contacts')
  return contacts.map(({ uri }) => uri)
}

/** By type of the body: the element whose children are the users. */
const batchRoots: Readonly<Record<string, string | undefined>> = {
  'application/adrl+xml': 'create',
  'application/msrtc-adrl-categorylist+xml': 'adhocList',
}

/** [MS-PRES] 2.2.2.4: actions of a batch are named `subscribe` or `unsubscribe`; without a name they begin. */
function readBatch(request: SipRequest, root: string): Watched {
  const document = parseXml(request.body)
  const actions = document.children.filter(({ name }) => name === 'action')
  const usersOf = (elements: readonly Element[]): readonly string[] =>
    unique(elements.flatMap((one) => descendant(one, root)?.children ?? []).filter(({ name }) => name === 'resource'))
  const ending = actions.filter(({ attributes }) => attributes.get('name')?.toLowerCase() === 'unsubscribe')
  const ends = usersOf(ending)
  const begins = usersOf(actions.length === 0 ? [document] : actions.filter((one) => !ending.includes(one)))
  return { kind: 'batch', uris: begins.filter((uri) => !ends.includes(uri)), ends }
}

/** RFC 4826 §3.3: entries, in lists within lists; `entry-ref` and `external` are not followed. */
function readLists(request: SipRequest): readonly string[] {
  return unique(entriesIn(parseXml(request.body)))
}

function entriesIn({ children }: Element): readonly Element[] {
  return children.flatMap((one) => (one.name === 'entry' ? [one] : one.name === 'list' ? entriesIn(one) : []))
}

function unique(elements: readonly Element[]): readonly string[] {
  const uris = elements.map(({ attributes }) => userOf(attributes.get('uri') ?? ''))
  return [...new Set(uris.filter((uri) => uri !== undefined))]
}

/** undefined: it is not the SIP address of a user, and is left out. */
function userOf(text: string): string | undefined {
  if (!/^sips?:[^@\s]+@[^@\s]+$/i.test(text)) return undefined
  try {
    return addressOfRecord(parseUri(text))
  } catch (error) {
    if (error instanceof MessageError) return undefined
    throw error
  }
}

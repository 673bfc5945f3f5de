/** SUBSCRIBE to many users at once: the batch of OCS 2007 (`adhoclist`), and resource lists (RFC 4662, RFC 5367). */
import type { SipRequest, SipUri } from '../../sip/message/types.ts'
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
  | { readonly kind: 'batch'; readonly uris: readonly string[] }
  /** A resource list: every notification carries the whole list. */
  | { readonly kind: 'list'; readonly uri: string; readonly uris: readonly string[] }
  | { readonly kind: 'refused'; readonly decision: Refused }

/** Resources of one batch at most; the client sends the rest in another. */
const batchLimit = 512
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
  if (batch !== undefined) return { kind: 'batch', uris: readBatch(request, batch) }
  const before = known[0]?.dialog.list
  if (type === listsType) return listed(request, before ?? uri.text, readLists(request))
  // A refresh names the Contact of the dialog, and repeats no body (RFC 5367 §4).
  const list = before === undefined ? uri.parameters.get('list') : parseUri(before).parameters.get('list')
  if (list === contactsList) return listed(request, before ?? uri.text, await contactsOf(resource, keeper))
  if (before !== undefined) return listed(request, before, [...new Set(known.map(({ resource }) => resource))])
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

function readBatch(request: SipRequest, root: string): readonly string[] {
  const resources = descendant(parseXml(request.body), root)?.children ?? []
  return unique(resources.filter(({ name }) => name === 'resource')).slice(0, batchLimit)
}

/** RFC 4826 §3.3: entries, in lists within lists; `entry-ref` and `external` are not followed. */
function readLists(request: SipRequest): readonly string[] {
  return unique(entriesIn(parseXml(request.body)))
}

function entriesIn({ children }: Element): readonly Element[] {
  return children.flatMap((one) => (one.name === 'entry' ? [one] : one.name === 'list' ? entriesIn(one) : []))
}

function unique(elements: readonly Element[]): readonly string[] {
  const uris = elements.map(({ attributes }) => {
    const text = attributes.get('uri') ?? ''
    return /^sips?:[^@\s]+@[^@\s]+$/i.test(text) ? addressOfRecord(parseUri(text)) : undefined
  })
  return [...new Set(uris.filter((uri) => uri !== undefined))]
}

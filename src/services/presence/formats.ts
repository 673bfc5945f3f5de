/** Presence as documents: the presentity of LCS 2005, the categories of OCS 2007, PIDF (RFC 3863) for all others. */
import { isPending, offline, type View } from './view.ts'
import { bodyOf, escapeXml } from './xml.ts'

export type Format = 'msrtc' | 'categories' | 'pidf'

const types: Readonly<Record<Format, string>> = {
  msrtc: 'text/xml+msrtc.pidf',
  categories: 'application/msrtc-event-categories+xml',
  pidf: 'application/pidf+xml',
}

export interface Shown {
  /** `sip:bob@lab.test` */
  readonly aor: string
  readonly displayName: string
  readonly view: View
}

export interface Rendered {
  readonly contentType: string
  /** As in the message. */
  readonly body: string
  /** The user has not decided on the watcher yet (RFC 6665 §4.1.3). Absent: it has, or nothing is to decide. */
  readonly pending?: true
}

/**
 * @param accepted values of Accept; the first that is known counts, none means PIDF (RFC 3856 §6.7)
 * @param offered those that this server writes
 */
export function formatFor(accepted: readonly string[], offered: readonly Format[]): Format {
  for (const value of accepted) {
    const type = value.split(';')[0]?.trim().toLowerCase()
    const known = offered.find((format) => types[format] === type)
    if (known !== undefined) return known
  }
  return 'pidf'
}

export function render(format: Format, shown: Shown): Rendered {
  const pending = isPending(shown.view.container) ? ({ pending: true } as const) : {}
  return { contentType: types[format], body: bodyOf(writers[format](shown)), ...pending }
}

const writers: Readonly<Record<Format, (shown: Shown) => string>> = { msrtc, categories, pidf }

/** [MS-SIP] 2.2.2.1; the URI is written without its scheme. */
function msrtc({ aor, displayName, view: { availability, note, since } }: Shown): string {
  const address = escapeXml(aor.slice('sip:'.length))
  const { activity, word } = oldStatus(availability)
  const aggregate = availability >= offline ? 0 : 300
  const states =
    `<states><state avail="${availability}" since="${time(since)}" validWith="any-device" set="manual" ` +
    `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="userState">${word}</state></states>`
  return (
    `<presentity uri="${address}" xmlns="http://schemas.microsoft.com/2002/09/sip/presence">` +
    `<availability aggregate="${aggregate}"/><activity aggregate="${activity}"/>` +
    `<displayName displayName="${escapeXml(displayName)}"/><email email="${address}"/>` +
    `<userInfo>${note === '' ? '' : `<note>${escapeXml(note)}</note>`}${aggregate === 0 ? '' : states}</userInfo>` +
    '<devices/></presentity>'
  )
}

function oldStatus(availability: number): { readonly activity: number; readonly word: string } {
  if (availability >= 15_000) return { activity: 100, word: 'away' }
  if (availability >= 12_000) return { activity: 300, word: 'be-right-back' }
  if (availability >= 9000) return { activity: 600, word: 'do-not-disturb' }
  return availability >= 6000 ? { activity: 600, word: 'busy' } : { activity: 400, word: 'online' }
}

/** [MS-PRES] 2.2.2.7: the status that this server has computed, and what was published for the watcher's container. */
function categories({ aor, displayName, view }: Shown): string {
  const { publications, since } = view
  const isBlocked = view.container === blockedContainer
  // Who is blocked is shown a user that is offline, not that it is blocked.
  const container = isBlocked ? 200 : view.container
  const category = (name: string, instance: number, content: string): string =>
    `<category name="${name}" instance="${instance}" publishTime="${time(since)}" container="${container}" ` +
    `version="1" expireType="static">${content}</category>`
  const card =
    '<contactCard xmlns="http://schemas.microsoft.com/2006/09/sip/contactcard"><identity>' +
    `<name><displayName>${escapeXml(displayName)}</displayName></name>` +
    `<email>${escapeXml(aor.slice('sip:'.length))}</email></identity></contactCard>`
  const own = isBlocked ? '' : category('contactCard', 0, card)
  const state = container === 0 ? '' : category('state', 1, stateOf(view))
  const others = publications
    .filter(({ category: name }) => name !== 'state' && name !== 'contactCard' && name !== 'device')
    .map(({ category: name, instance, content }) => category(escapeXml(name), instance, content))
  // The note of a phone that publishes PIDF; a client of 2007 has published a category of its own.
  const isNoted = view.note !== '' && !publications.some(({ category: name }) => name === 'note')
  const note = isNoted ? category('note', 0, noteOf(view)) : ''
  return (
    `<categories xmlns="http://schemas.microsoft.com/2006/09/sip/categories" uri="${escapeXml(aor)}">` +
    `${own}${state}${note}${others.join('')}</categories>`
  )
}

const blockedContainer = 32_000

function stateOf({ availability }: View): string {
  return (
    '<state xmlns="http://schemas.microsoft.com/2006/09/sip/state" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="aggregateState">' +
    `<availability>${availability}</availability></state>`
  )
}

function noteOf({ note }: View): string {
  return (
    '<note xmlns="http://schemas.microsoft.com/2006/09/sip/note">' +
    `<body type="personal" uri="">${escapeXml(note)}</body></note>`
  )
}

/** RFC 3863 §4.1, with the note. */
function pidf({ aor, view: { availability, note } }: Shown): string {
  const basic = availability >= offline ? 'closed' : 'open'
  const noted = note === '' ? '' : `<note>${escapeXml(note)}</note>`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${escapeXml(aor)}">` +
    `<tuple id="siplab"><status><basic>${basic}</basic></status>${noted}</tuple>${noted}</presence>`
  )
}

/** `2026-11-28T10:07:32.000` without a zone, as the old clients read it. */
function time(wall: number): string {
  return new Date(wall).toISOString().slice(0, -1)
}

export interface ListParts {
  /** URI of the list. */
  readonly uri: string
  readonly format: Format
  readonly shown: readonly Shown[]
  /** Users of other servers, or of none. */
  readonly elsewhere: readonly string[]
  /**
   * State of those: the clients of OCS subscribe to each by themselves ([MS-PRES] 2.2.2.3, `resubscribe`); to others
   * nothing can be said of them (RFC 4662 §5.5, `terminated`).
   */
  readonly elsewhereState: 'resubscribe' | 'terminated'
  /** Rises with each document of a dialog, and is 0 in the first. */
  readonly version: number
}

/**
 * A list subscription's answer (RFC 4662 §5): the list, then a document a user. Every part ends in an empty line: the
 * client cuts four octets off (docs/communicator.md).
 */
export function renderList({ uri, format, shown, elsewhere, elsewhereState, version }: ListParts): Rendered {
  const boundary = 'siplab-part'
  const root = 'list@siplab'
  const resources = shown
    .map(
      ({ aor }, at) =>
        `<resource uri="${escapeXml(aor)}"><instance id="0" state="active" cid="c${at}@siplab"/></resource>`,
    )
    .join('')
  const reason = elsewhereState === 'terminated' ? ' reason="noresource"' : ''
  const others = elsewhere
    .map((aor) => `<resource uri="${escapeXml(aor)}"><instance id="0" state="${elsewhereState}"${reason}/></resource>`)
    .join('')
  const list =
    `<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="${escapeXml(uri)}" version="${version}" fullState="true">` +
    `${resources}${others}</list>`
  const part = (type: string, id: string, body: string): string =>
    `--${boundary}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <${id}>\r\nContent-Type: ${type}\r\n\r\n` +
    `${body}\r\n\r\n`
  const documents = shown.map((one, at) => {
    const { contentType, body } = render(format, one)
    return part(contentType, `c${at}@siplab`, body)
  })
  return {
    contentType: `multipart/related;type="application/rlmi+xml";start="<${root}>";boundary=${boundary}`,
    body: `${part('application/rlmi+xml', root, bodyOf(list))}${documents.join('')}--${boundary}--\r\n`,
  }
}

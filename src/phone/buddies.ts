/** The contacts of one phone, kept at the server and watched: the last presence of each; and that of its own user. */
import { escapeXml, plainText } from './contacts.ts'
import { PhoneError, type PhoneAnswer } from './phone-error.ts'
import type { Phone, Watch } from './types.ts'

/** What a user shows, as PIDF says it (RFC 3863 §4.1.4). */
export interface Shown {
  /** Reachable, or not. */
  readonly status: 'open' | 'closed'
  /** Words of the user; empty: none. */
  readonly note: string
}

/** Buddies of one phone at most. */
const mostBuddies = 1_000

export class Buddies {
  readonly #phone: Phone
  readonly #onShown: (of: string, shown: Shown) => void
  readonly #watches = new Map<string, Watch>()
  readonly #shown = new Map<string, Shown>()
  /** Entity tag of what is published (RFC 3903 §4.1). */
  #etag: string | undefined

  constructor(phone: Phone, onShown: (of: string, shown: Shown) => void = () => undefined) {
    this.#phone = phone
    this.#onShown = onShown
  }

  /** Puts a user on the contact list and watches it; a second time it does nothing. @throws PhoneError */
  async add(uri: string): Promise<void> {
    if (this.#watches.get(uri)?.active === true) return
    if (this.#watches.size >= mostBuddies)
      throw new PhoneError('phone.not-so', `${this.#phone.uri} has ${mostBuddies} buddies, and may not have more`)
    await this.#phone.setContact(uri)
    const watch = await this.#phone.watch(uri, (body) => {
      const shown = readPidf(body)
      if (shown === undefined) return
      this.#shown.set(uri, shown)
      this.#onShown(uri, shown)
    })
    this.#watches.set(uri, watch)
  }

  /** What the user last showed; undefined: nothing yet, or it is no buddy. */
  shownBy(uri: string): Shown | undefined {
    return this.#shown.get(uri)
  }

  /** Publishes what others are to see. @throws PhoneError */
  async publish(shown: Shown): Promise<PhoneAnswer> {
    const answer = await this.#publish(writePidf(this.#phone.uri, shown))
    this.#etag = answer.header('SIP-ETag')
    return answer
  }

  async #publish(document: string): Promise<PhoneAnswer> {
    try {
      return await this.#phone.publish(document, this.#etag)
    } catch (error) {
      // RFC 3903 §4.1, 412: the server has forgotten the earlier one; begin anew.
      if (!(error instanceof PhoneError) || error.status !== 412) throw error
      return this.#phone.publish(document)
    }
  }

  /** Ends what is watched and takes back what is published, before a sign-out. @throws PhoneError */
  async end(): Promise<void> {
    const etag = this.#etag
    for (const watch of this.#watches.values()) watch.end()
    this.#watches.clear()
    this.#shown.clear()
    this.#etag = undefined
    if (etag !== undefined && this.#phone.signedIn) await this.#phone.publish(undefined, etag)
  }
}

export function writePidf(entity: string, { status, note }: Shown): string {
  const noted = note === '' ? '' : `<note>${escapeXml(note)}</note>`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${escapeXml(entity)}">` +
    `<tuple id="siplab"><status><basic>${status}</basic></status>${noted}</tuple></presence>`
  )
}

/** undefined: no PIDF document. */
export function readPidf(body: string): Shown | undefined {
  const basic = /<(?:\w+:)?basic[^>]*>\s*(open|closed)\s*</.exec(body)?.[1]
  if (basic === undefined) return undefined
  const note = /<(?:\w+:)?note[^>]*>([^<]*)</.exec(body)?.[1] ?? ''
  return { status: basic === 'open' ? 'open' : 'closed', note: plainText(note) }
}

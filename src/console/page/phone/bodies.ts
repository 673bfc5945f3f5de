/** The bodies of LCS that a phone writes and reads: contact list, search ([MS-SIP]), and PIDF (RFC 3863). */

export interface Contact {
  /** `sip:bob@lab.test` */
  readonly uri: string
  readonly name: string
}

export interface Presence {
  readonly open: boolean
  /** `Busy`; empty: none. */
  readonly note: string
}

const service = 'http://schemas.microsoft.com/winrtc/2002/11/sip'

/** Body of SERVICE: adds a contact, or renames it. */
export function setContactBody({ uri, name }: Contact): string {
  return envelope(
    `<m:setContact xmlns:m="${service}"><m:displayName>${escaped(name)}</m:displayName><m:groups>1</m:groups>` +
      `<m:subscribed>true</m:subscribed><m:URI>${escaped(uri)}</m:URI><m:externalURI/></m:setContact>`,
  )
}

export function deleteContactBody(uri: string): string {
  return envelope(`<m:deleteContact xmlns:m="${service}"><m:URI>${escaped(uri)}</m:URI></m:deleteContact>`)
}

/** @param attribute what the text is a part of */
export function searchBody(text: string, attribute: 'displayName' | 'mail'): string {
  return envelope(
    `<m:directorySearch xmlns:m="${service}"><m:filter m:href="#searchArray"/><m:maxResults>50</m:maxResults>` +
      `</m:directorySearch><m:Array xmlns:m="${service}" m:id="searchArray">` +
      `<m:row m:attrib="${attribute}" m:value="${escaped(text)}"/></m:Array>`,
  )
}

export function presenceBody(entity: string, { open, note }: Presence): string {
  const noted = note === '' ? '' : `<note>${escaped(note)}</note>`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${escaped(entity)}"><tuple id="console">` +
    `<status><basic>${open ? 'open' : 'closed'}</basic></status>${noted}</tuple>${noted}</presence>`
  )
}

/** undefined: it is a change and not the list. */
export function readContacts(body: string): readonly Contact[] | undefined {
  const root = parsed(body)
  if (root?.localName !== 'contactList') return undefined
  return named(root, 'contact').map((contact) => {
    const uri = `sip:${contact.getAttribute('uri') ?? ''}`
    const name = contact.getAttribute('name') ?? ''
    return { uri, name: name === '' ? userOf(uri) : name }
  })
}

export function readFound(body: string): readonly Contact[] {
  return named(parsed(body), 'row').map((row) => {
    const attribute = (name: string): string => row.getAttributeNS(service, name) ?? row.getAttribute(name) ?? ''
    const uri = attribute('uri')
    const name = attribute('displayName')
    return { uri, name: name === '' ? userOf(uri) : name }
  })
}

export function readPresence(body: string): Presence | undefined {
  const root = parsed(body)
  if (root?.localName !== 'presence') return undefined
  const open = named(root, 'basic').some(({ textContent }) => textContent?.trim() === 'open')
  return { open, note: named(root, 'note')[0]?.textContent?.trim() ?? '' }
}

/** `alice` of `sip:alice@lab.test`. */
export function userOf(uri: string): string {
  return /^sips?:([^@;]+)/.exec(uri)?.[1] ?? uri
}

function envelope(content: string): string {
  const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
  return `<s:Envelope xmlns:s="${soap}"><s:Body>${content}</s:Body></s:Envelope>`
}

/** undefined: it is not XML. */
function parsed(body: string): Element | undefined {
  const { documentElement } = new DOMParser().parseFromString(body, 'text/xml')
  return named(documentElement, 'parsererror').length > 0 ? undefined : documentElement
}

function named(root: Element | undefined, name: string): readonly Element[] {
  return root === undefined ? [] : [...root.getElementsByTagNameNS('*', name)]
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

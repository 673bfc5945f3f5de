/** The roaming contact list: its document, and the changes that a client asks for by SERVICE ([MS-SIP] 3.1.5). */
import type { Contact, Contacts } from './state.ts'
import { child, type Element, escapeXml } from './xml.ts'

/** MSFT_SIPESUserContactData. */
const limits = { name: 256, uri: 454, groups: 64, contacts: 1000 } as const

export function contactList({ delta, groups, contacts }: Contacts): string {
  return (
    `<contactList deltaNum="${delta}">` +
    groups.map(({ id, name }) => groupXml('group', id, name)).join('') +
    // Without `sip:` here, with it in a delta: so the clients have it.
    contacts.map((contact) => contactXml('contact', contact, contact.uri.replace(/^sips?:/, ''))).join('') +
    '</contactList>'
  )
}

function groupXml(element: string, id: number, name: string): string {
  return `<${element} id="${id}" name="${escapeXml(name)}" externalURI=""/>`
}

function contactXml(element: string, { name, groups, subscribed }: Contact, uri: string): string {
  return (
    `<${element} uri="${escapeXml(uri)}" name="${escapeXml(name)}" groups="${groups.join(' ')}" ` +
    `subscribed="${subscribed}" externalURI=""/>`
  )
}

export interface ContactChange {
  readonly state: Contacts
  /** What the other endpoints get, inside `contactDelta`. */
  readonly delta: string
  /** Body of the answer; undefined: none. */
  readonly answer: string | undefined
}

/** @returns a reason in words when the change cannot be made */
export type ChangeContacts = (state: Contacts) => ContactChange | string

/** The change that an operation of the SOAP body asks for; undefined: it is no change of contacts. */
export function contactChange(operation: Element): ChangeContacts | undefined {
  switch (operation.name) {
    case 'setContact':
      return (state) => setContact(state, operation)
    case 'deleteContact':
      return (state) => deleteContact(state, operation)
    case 'addGroup':
      return (state) => addGroup(state, operation)
    case 'modifyGroup':
      return (state) => modifyGroup(state, operation)
    case 'deleteGroup':
      return (state) => deleteGroup(state, operation)
    default:
      return undefined
  }
}

export function contactDelta(before: number, after: number, delta: string): string {
  return `<contactDelta deltaNum="${after}" prevDeltaNum="${before}">${delta}</contactDelta>`
}

function setContact(state: Contacts, operation: Element): ContactChange | string {
  const uri = textOf(operation, 'URI')
  const name = textOf(operation, 'displayName')
  if (!/^sips?:[^@\s]+@[^@\s]+$/i.test(uri) || uri.length > limits.uri) return 'URI is not the SIP address of a user'
  if (name.length > limits.name) return `displayName is longer than ${limits.name} characters`
  const groups = textOf(operation, 'groups')
    .split(/\s+/)
    .filter((text) => /^\d{1,9}$/.test(text))
    .map(Number)
  const known = [...new Set(groups)].filter((id) => state.groups.some((group) => group.id === id))
  const contact: Contact = {
    uri: uri.toLowerCase(),
    name,
    groups: known.length === 0 ? state.groups.slice(0, 1).map(({ id }) => id) : known,
    subscribed: textOf(operation, 'subscribed') === 'true',
  }
  const others = state.contacts.filter((one) => one.uri !== contact.uri)
  if (others.length >= limits.contacts) return `more than ${limits.contacts} contacts`
  const verb = others.length === state.contacts.length ? 'addedContact' : 'modifiedContact'
  return changed({ ...state, contacts: [...others, contact] }, contactXml(verb, contact, contact.uri))
}

function deleteContact(state: Contacts, operation: Element): ContactChange | string {
  const uri = textOf(operation, 'URI').toLowerCase()
  const contacts = state.contacts.filter((one) => one.uri !== uri)
  return changed({ ...state, contacts }, `<deletedContact uri="${escapeXml(uri)}"/>`)
}

function addGroup(state: Contacts, operation: Element): ContactChange | string {
  const name = textOf(operation, 'name')
  const ids = new Set(state.groups.map(({ id }) => id))
  const id = Array.from({ length: limits.groups }, (_, at) => at + 1).find((one) => !ids.has(one))
  if (id === undefined) return `more than ${limits.groups} groups`
  if (name === '' || name.length > limits.name) return `a group name has 1 to ${limits.name} characters`
  const after = changed({ ...state, groups: [...state.groups, { id, name }] }, groupXml('addedGroup', id, name))
  return { ...after, answer: `<m:addGroup><m:groupID>${id}</m:groupID></m:addGroup>` }
}

function modifyGroup(state: Contacts, operation: Element): ContactChange | string {
  const id = Number(textOf(operation, 'groupID'))
  const name = textOf(operation, 'name')
  if (!state.groups.some((group) => group.id === id)) return 'no group has that groupID'
  if (name === '' || name.length > limits.name) return `a group name has 1 to ${limits.name} characters`
  const groups = state.groups.map((group) => (group.id === id ? { id, name } : group))
  return changed({ ...state, groups }, groupXml('modifiedGroup', id, name))
}

function deleteGroup(state: Contacts, operation: Element): ContactChange | string {
  const id = Number(textOf(operation, 'groupID'))
  if (!state.groups.some((group) => group.id === id)) return 'no group has that groupID'
  const groups = state.groups.filter((group) => group.id !== id)
  const contacts = state.contacts.map((one) => ({ ...one, groups: one.groups.filter((group) => group !== id) }))
  return changed({ ...state, groups, contacts }, `<deletedGroup id="${id}"/>`)
}

function changed(state: Contacts, delta: string): ContactChange {
  return { state: { ...state, delta: state.delta + 1 }, delta, answer: undefined }
}

export function textOf(element: Element, name: string): string {
  return child(element, name)?.text ?? ''
}

/** The documents a client subscribes to about itself: contacts, access list, provisioning, watchers, roaming self. */
import { contactList } from './contacts.ts'
import type { Rendered } from './formats.ts'
import type { Keeper } from './keeper.ts'
import type { Access, Container, Publication } from './state.ts'
import { livePublications } from './view.ts'
import { bodyOf, escapeXml } from './xml.ts'

export const contactsEvent = 'vnd-microsoft-roaming-contacts'
export const accessEvent = 'vnd-microsoft-roaming-acl'
export const selfEvent = 'vnd-microsoft-roaming-self'
export const pendingEvent = 'presence.wpending'

type Writer = (keeper: Keeper, owner: string, pending: readonly string[]) => Promise<string>

/** By event in lower case. */
const writers: Readonly<Record<string, { readonly contentType: string; readonly write: Writer } | undefined>> = {
  [contactsEvent]: {
    contentType: 'application/vnd-microsoft-roaming-contacts+xml',
    write: async (keeper, owner) => contactList(await keeper.documents.read(owner, 'contacts')),
  },
  [accessEvent]: {
    contentType: 'application/vnd-microsoft-roaming-acls+xml',
    write: async (keeper, owner) => accessList(await keeper.documents.read(owner, 'access')),
  },
  'vnd-microsoft-provisioning': {
    contentType: 'application/vnd-microsoft-roaming-provisioning+xml',
    write: async () => '<provisioning/>',
  },
  'vnd-microsoft-provisioning-v2': {
    contentType: 'application/vnd-microsoft-roaming-provisioning-v2+xml',
    write: async () => '<provisionGroupList><provisionGroup name="ServerConfiguration"/></provisionGroupList>',
  },
  [pendingEvent]: { contentType: 'text/xml+msrtc.wpending', write: pendingWatchers },
  [selfEvent]: { contentType: 'application/vnd-microsoft-roaming-self+xml', write: roamingSelf },
}

export function isRoaming(event: string): boolean {
  return writers[event] !== undefined
}

/** @param pending watchers that the user has not decided on */
export async function roamingDocument(
  keeper: Keeper,
  event: string,
  owner: string,
  pending: readonly string[],
): Promise<Rendered> {
  const writer = writers[event]
  if (writer === undefined) throw new RangeError(`${event} has no roaming document`)
  return { contentType: writer.contentType, body: bodyOf(await writer.write(keeper, owner, pending)) }
}

export function accessList({ delta, entries }: Access): string {
  return (
    `<ACLlist deltaNum="${delta}">` +
    entries
      .map(
        ({ type, mask, rights }) =>
          `<ace type="${escapeXml(type)}" mask="${escapeXml(mask)}" rights="${escapeXml(rights)}"/>`,
      )
      .join('') +
    '</ACLlist>'
  )
}

async function pendingWatchers(keeper: Keeper, _owner: string, pending: readonly string[]): Promise<string> {
  const watchers = await Promise.all(
    pending.map(
      async (uri) => `<watcher uri="${escapeXml(uri)}" displayName="${escapeXml(await keeper.displayName(uri))}"/>`,
    ),
  )
  return `<watchers>${watchers.join('')}</watchers>`
}

/** [MS-PRES] 2.2.2.6. */
async function roamingSelf(keeper: Keeper, owner: string, pending: readonly string[]): Promise<string> {
  const known = await keeper.known(owner)
  const subscribers = await Promise.all(
    pending.map(
      async (user) =>
        `<subscriber user="${escapeXml(user.slice('sip:'.length))}" ` +
        `displayName="${escapeXml(await keeper.displayName(user))}" acknowledged="false"/>`,
    ),
  )
  return roamingData(
    ownCategories(owner, livePublications(known)) +
      containersXml(known.access.containers) +
      `<subscribers xmlns="http://schemas.microsoft.com/2006/09/sip/presence-subscribers">${subscribers.join('')}` +
      '</subscribers>',
  )
}

export function roamingData(inside: string): string {
  return `<roamingData xmlns="http://schemas.microsoft.com/2006/09/sip/roaming-self">${inside}</roamingData>`
}

export function ownCategories(owner: string, publications: readonly Publication[]): string {
  const one = ({ category, instance, container, version, expireType, published, content }: Publication): string =>
    `<category name="${escapeXml(category)}" instance="${instance}" ` +
    `publishTime="${new Date(published).toISOString().slice(0, -1)}" container="${container}" version="${version}" ` +
    `expireType="${escapeXml(expireType)}">${content}</category>`
  return (
    `<categories xmlns="http://schemas.microsoft.com/2006/09/sip/categories" uri="${escapeXml(owner)}">` +
    `${publications.map(one).join('')}</categories>`
  )
}

export function containersXml(containers: readonly Container[]): string {
  const one = ({ id, version, members }: Container): string =>
    `<container id="${id}" version="${version}">` +
    members
      .map(
        ({ type, value }) => `<member type="${escapeXml(type)}"${value === '' ? '' : ` value="${escapeXml(value)}"`}/>`,
      )
      .join('') +
    '</container>'
  return (
    '<containers xmlns="http://schemas.microsoft.com/2006/09/sip/containers">' +
    `${containers.map(one).join('')}</containers>`
  )
}

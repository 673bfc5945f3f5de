/** SERVICE ([MS-SIP] 3.1.5, [MS-PRES] 3.1.5.4): changes of contacts, access, containers and presence; search. */
import type { HeaderField, SipRequest } from '../../sip/message/types.ts'
import { type Decision, refuse } from '../../sip/routing/decision.ts'
import { contactChange, type ContactChange, contactDelta, textOf } from './contacts.ts'
import type { Keeper } from './keeper.ts'
import { deviceOf, publish, withDevice, wrongVersion } from './publish.ts'
import { accessEvent, accessList, contactsEvent, containersXml, roamingData, selfEvent } from './roaming.ts'
import { type SearchDirectory, searchDirectory } from './search.ts'
import type { Access, AccessEntry, Container, Member } from './state.ts'
import { userUri } from './view.ts'
import { bodyOf, child, descendant, type Element, parseXml } from './xml.ts'

export interface ServiceOptions {
  readonly keeper: Keeper
  /** Absent where there is no directory: a search finds no users. */
  readonly search: SearchDirectory | undefined
}

/** Who asks, and when. */
export interface ServiceAsk {
  readonly request: SipRequest
  /** The user itself, proved. */
  readonly owner: string
  readonly wall: number
}

const limits = { uri: 454, entries: 500, containers: 64, members: 1000, acknowledged: 500 } as const

/** @throws XmlError */
export async function serve(ask: ServiceAsk, options: ServiceOptions): Promise<Decision> {
  const { request, owner, wall } = ask
  const type = (request.header('Content-Type') ?? '').toLowerCase().split(';')[0]?.trim()
  switch (type) {
    case 'application/soap+xml':
      return soap(ask, options)
    case 'application/msrtc-category-publish+xml':
      return publish(request, owner, wall, options.keeper)
    case 'application/msrtc-setcontainermembers+xml':
      return setContainerMembers(ask, options.keeper)
    case 'application/msrtc-presence-setsubscriber+xml':
      return setSubscribers(ask, options.keeper)
    default:
      return refuse(415, 'presence.service-type', [['Accept', 'application/SOAP+xml']])
  }
}

async function soap(ask: ServiceAsk, { keeper, search }: ServiceOptions): Promise<Decision> {
  const body = child(parseXml(ask.request.body), 'Body')
  const [operation] = body?.children ?? []
  if (body === undefined || operation === undefined)
    return refuse(400, 'presence.service-body', [], 'body: no operation in the Body of the envelope')
  const change = contactChange(operation)
  if (change !== undefined) return changeContacts(ask, keeper, change)
  switch (operation.name) {
    case 'setPresence':
      return setPresence(ask, operation, keeper)
    case 'setACE':
    case 'deleteACE':
      return changeAccess(ask, operation, keeper)
    case 'directorySearch':
      return answered(await searchDirectory(body, search ?? (async () => [])))
    default:
      return refuse(501, 'presence.service-unknown')
  }
}

function answered(body: string | undefined): Decision {
  if (body === undefined) return { kind: 'answer', status: 200 }
  const headers: HeaderField[] = [['Content-Type', 'application/SOAP+xml']]
  const envelope =
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:m="http://schemas.microsoft.com/winrtc/2002/11/sip">' +
    `<s:Body>${body}</s:Body></s:Envelope>`
  return { kind: 'answer', status: 200, headers, body: bodyOf(envelope) }
}

async function changeContacts(
  { request, owner }: ServiceAsk,
  keeper: Keeper,
  change: NonNullable<ReturnType<typeof contactChange>>,
): Promise<Decision> {
  let made: ContactChange | string = ''
  let before = 0
  const state = await keeper.documents.update(owner, 'contacts', (contacts) => {
    before = contacts.delta
    made = change(contacts)
    return typeof made === 'string' ? undefined : made.state
  })
  const done = made as ContactChange | string
  if (state === 'full' || typeof done === 'string')
    return refuse(403, 'presence.contacts-limit', [
      ['ms-diagnostics', `4000;reason="${state === 'full' ? 'The contact list is full' : String(done)}"`],
    ])
  const text = contactDelta(before, state.delta, done.delta)
  const document = { contentType: 'application/vnd-microsoft-roaming-contacts+xml', body: bodyOf(text) }
  keeper.later(keeper.tellOwn(owner, contactsEvent, request.from.parameters.get('epid'), () => document))
  return answered(done.answer)
}

async function setPresence(
  { request, owner, wall }: ServiceAsk,
  operation: Element,
  keeper: Keeper,
): Promise<Decision> {
  const device = deviceOf(operation, request.from.parameters.get('epid') ?? '', wall)
  if (device === undefined) return refuse(400, 'presence.presentity', [], 'body: no presentity in setPresence')
  const state = await keeper.documents.update(owner, 'presence', (before) => withDevice(before, device))
  if (state === 'full') return refuse(413, 'presence.too-many-publications')
  keeper.changed(owner)
  return answered(undefined)
}

/** One entry of the access list of LCS 2005. */
async function changeAccess({ request, owner }: ServiceAsk, operation: Element, keeper: Keeper): Promise<Decision> {
  const [type, mask, rights] = ['type', 'mask', 'rights'].map((name) => textOf(operation, name).trim())
  if (type === undefined || mask === undefined || rights === undefined)
    return refuse(400, 'presence.access-entry', [], 'body: wanted a type, a mask and rights')
  if (!/^(USER|DOMAIN|ALL)$/.test(type) || mask.length > limits.uri || !/^[A-Z]{0,8}$/.test(rights))
    return refuse(400, 'presence.access-entry', [], 'body: wanted the type USER, DOMAIN or ALL, and rights in capitals')
  const wanted = maskOf({ type, mask })
  const state = await keeper.documents.update(owner, 'access', (access) => {
    const others = access.entries.filter((entry) => entry.type !== type || maskOf(entry) !== wanted)
    const entries = operation.name === 'deleteACE' ? others : [...others, { type, mask, rights }]
    return entries.length > limits.entries ? undefined : { ...access, entries, delta: access.delta + 1 }
  })
  if (state === 'full') return refuse(403, 'presence.access-limit')
  const document = { contentType: 'application/vnd-microsoft-roaming-acls+xml', body: bodyOf(accessList(state)) }
  keeper.later(keeper.tellOwn(owner, accessEvent, request.from.parameters.get('epid'), () => document))
  keeper.accessChanged(owner)
  return answered(undefined)
}

/** Whom an entry is about, whatever its spelling: the last word on a user replaces the one before. */
function maskOf({ type, mask }: Pick<AccessEntry, 'type' | 'mask'>): string {
  if (type === 'ALL') return ''
  return type === 'USER' ? userUri(mask) : mask.toLowerCase()
}

/** What is wanted of one container. */
interface ContainerChange {
  readonly id: number
  /** The one that the client knows; undefined: it names none. */
  readonly version: number | undefined
  readonly members: readonly (Member & { readonly remove: boolean })[]
}

/** [MS-PRES] 3.5.5: all containers or none; 409 names versions that the client does not know. */
async function setContainerMembers({ request, owner }: ServiceAsk, keeper: Keeper): Promise<Decision> {
  const changes = readContainers(parseXml(request.body))
  if (changes === undefined)
    return refuse(400, 'presence.containers', [], 'body: wanted containers, each once, with a number and members')
  let changed: readonly Container[] = []
  let wrong: readonly string[] = []
  const state = await keeper.documents.update(owner, 'access', (access) => {
    wrong = wrongContainers(access, changes)
    if (wrong.length > 0) return undefined
    const after = changes.reduce(withContainer, access)
    changed = after.containers.filter(({ id }) => changes.some((change) => change.id === id))
    const isTooLarge = changed.some(({ members }) => members.length > limits.members)
    return isTooLarge || after.containers.length > limits.containers ? undefined : after
  })
  if (wrong.length > 0) return wrongVersion(wrong)
  if (state === 'full' || !changed.every((one) => state.containers.includes(one)))
    return refuse(413, 'presence.containers-limit')
  const document = {
    contentType: 'application/vnd-microsoft-roaming-self+xml',
    body: bodyOf(roamingData(containersXml(changed))),
  }
  keeper.later(keeper.tellOwn(owner, selfEvent, undefined, () => document))
  keeper.accessChanged(owner)
  return { kind: 'answer', status: 200 }
}

const memberTypes: ReadonlySet<string> = new Set([
  ...['user', 'domain', 'sameEnterprise', 'federated', 'publicCloud', 'everyone'],
])

/** undefined: one of them cannot be read, or is there twice. */
function readContainers(root: Element): readonly ContainerChange[] | undefined {
  const read = root.children.filter(({ name }) => name === 'container').map(readContainer)
  const changes = read.filter((one) => one !== undefined)
  const isEachOnce = new Set(changes.map(({ id }) => id)).size === read.length
  return read.length > 0 && isEachOnce ? changes : undefined
}

function readContainer({ attributes, children }: Element): ContainerChange | undefined {
  const [id, version] = ['id', 'version'].map((name) => attributes.get(name))
  if (id === undefined || !/^\d{1,5}$/.test(id) || Number(id) > 32_767) return undefined
  if (version !== undefined && !/^\d{1,10}$/.test(version)) return undefined
  const members = children
    .filter(({ name }) => name === 'member')
    .map(({ attributes: said }) => ({
      type: said.get('type') ?? '',
      value: said.get('value') ?? '',
      remove: said.get('action') === 'remove',
    }))
  if (!members.every(({ type, value }) => memberTypes.has(type) && value.length <= limits.uri)) return undefined
  return { id: Number(id), version: version === undefined ? undefined : Number(version), members }
}

function wrongContainers(access: Access, changes: readonly ContainerChange[]): readonly string[] {
  return changes.flatMap(({ id, version }) => {
    const current = access.containers.find((one) => one.id === id)?.version ?? 0
    return version === undefined || version === current
      ? []
      : [`<container id="${id}" version="${version}" curVersion="${current}"/>`]
  })
}

function withContainer(access: Access, { id, members: wanted }: ContainerChange): Access {
  const known = access.containers.find((one) => one.id === id) ?? { id, version: 0, members: [] }
  let members = known.members
  for (const { remove, type, value } of wanted) {
    const others = members.filter((each) => !isSameMember(each, { type, value }))
    members = remove ? others : [...others, { type, value }]
  }
  const containers = [...access.containers.filter((one) => one.id !== id), { id, version: known.version + 1, members }]
  // 32000 first: who is blocked there is blocked, whatever else it is a member of.
  return { ...access, containers: containers.sort((one, other) => other.id - one.id) }
}

function isSameMember({ type, value }: Member, other: Member): boolean {
  if (type !== other.type) return false
  return type === 'user' ? userUri(value) === userUri(other.value) : value.toLowerCase() === other.value.toLowerCase()
}

/** The user has seen who watches it. */
async function setSubscribers({ request, owner }: ServiceAsk, keeper: Keeper): Promise<Decision> {
  const list = descendant(parseXml(request.body), 'setSubscribers')
  const users = (list?.children ?? []).map(({ attributes }) => userUri(attributes.get('user') ?? ''))
  if (users.some((user) => user.length > limits.uri)) return refuse(400, 'presence.subscribers')
  const state = await keeper.documents.update(owner, 'access', (access) => ({
    ...access,
    acknowledged: [...new Set([...access.acknowledged, ...users])].slice(-limits.acknowledged),
  }))
  if (state === 'full') return refuse(403, 'presence.access-limit')
  return { kind: 'answer', status: 200 }
}

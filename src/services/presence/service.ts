/** SERVICE ([MS-SIP] 3.1.5, [MS-PRES] 3.1.5.4): changes of contacts, access, containers and presence; search. */
import type { HeaderField, SipRequest } from '../../sip/message/types.ts'
import { type Decision, refuse } from '../../sip/routing/decision.ts'
import { contactChange, type ContactChange, contactDelta, textOf } from './contacts.ts'
import type { Keeper } from './keeper.ts'
import { deviceOf, publish, withDevice } from './publish.ts'
import { accessEvent, accessList, contactsEvent, containersXml, roamingData, selfEvent } from './roaming.ts'
import { type SearchDirectory, searchDirectory } from './search.ts'
import type { Access, Container, Member } from './state.ts'
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

const limits = { entries: 500, containers: 64, members: 1000, acknowledged: 500 } as const

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
  await keeper.documents.update(owner, 'presence', (state) => withDevice(state, device))
  keeper.changed(owner)
  return answered(undefined)
}

/** One entry of the access list of LCS 2005. */
async function changeAccess({ request, owner }: ServiceAsk, operation: Element, keeper: Keeper): Promise<Decision> {
  const [type, mask, rights] = ['type', 'mask', 'rights'].map((name) => textOf(operation, name).trim())
  if (type === undefined || mask === undefined || rights === undefined)
    return refuse(400, 'presence.access-entry', [], 'body: wanted a type, a mask and rights')
  if (!/^(USER|DOMAIN|ALL)$/.test(type) || mask.length > 454 || !/^[A-Z]{0,8}$/.test(rights))
    return refuse(400, 'presence.access-entry', [], 'body: wanted the type USER, DOMAIN or ALL, and rights in capitals')
  const state = await keeper.documents.update(owner, 'access', (access) => {
    const others = access.entries.filter((entry) => entry.type !== type || entry.mask !== mask)
    const entries = operation.name === 'deleteACE' ? others : [...others, { type, mask, rights }]
    return entries.length > limits.entries ? undefined : { ...access, entries, delta: access.delta + 1 }
  })
  if (state === 'full') return refuse(403, 'presence.access-limit')
  const document = { contentType: 'application/vnd-microsoft-roaming-acls+xml', body: bodyOf(accessList(state)) }
  keeper.later(keeper.tellOwn(owner, accessEvent, request.from.parameters.get('epid'), () => document))
  keeper.changed(owner)
  return answered(undefined)
}

/** [MS-PRES] 3.1.5.5: a member is in one container only. */
async function setContainerMembers({ request, owner }: ServiceAsk, keeper: Keeper): Promise<Decision> {
  const root = parseXml(request.body)
  const wanted = root.children.filter(({ name }) => name === 'container')
  if (wanted.length === 0) return refuse(400, 'presence.containers', [], 'body: no container in it')
  let changed: readonly Container[] = []
  const state = await keeper.documents.update(owner, 'access', (access) => {
    const after = wanted.reduce<Access | undefined>(withContainer, access)
    if (after === undefined) return undefined
    const ids = wanted.map(({ attributes }) => Number(attributes.get('id')))
    changed = after.containers.filter(({ id }) => ids.includes(id))
    return after
  })
  if (state === 'full' || changed.length === 0) return refuse(403, 'presence.containers-limit')
  const document = {
    contentType: 'application/vnd-microsoft-roaming-self+xml',
    body: bodyOf(roamingData(containersXml(changed))),
  }
  keeper.later(keeper.tellOwn(owner, selfEvent, undefined, () => document))
  keeper.changed(owner)
  return { kind: 'answer', status: 200 }
}

function withContainer(access: Access | undefined, element: Element): Access | undefined {
  const id = Number(element.attributes.get('id'))
  if (access === undefined || !Number.isInteger(id) || id < 0 || id > 32_767) return undefined
  const known = access.containers.find((one) => one.id === id) ?? { id, version: 0, members: [] }
  let members = known.members
  for (const member of element.children.filter(({ name }) => name === 'member')) {
    const one: Member = { type: member.attributes.get('type') ?? '', value: member.attributes.get('value') ?? '' }
    const others = members.filter((each) => each.type !== one.type || each.value !== one.value)
    members = member.attributes.get('action') === 'remove' ? others : [...others, one]
  }
  const containers = [...access.containers.filter((one) => one.id !== id), { id, version: known.version + 1, members }]
  if (containers.length > limits.containers || members.length > limits.members) return undefined
  // 32000 first: who is blocked there is blocked, whatever else it is a member of.
  return { ...access, containers: containers.sort((one, other) => other.id - one.id) }
}

/** The user has seen who watches it. */
async function setSubscribers({ request, owner }: ServiceAsk, keeper: Keeper): Promise<Decision> {
  const list = descendant(parseXml(request.body), 'setSubscribers')
  const users = (list?.children ?? []).map(({ attributes }) => `sip:${(attributes.get('user') ?? '').toLowerCase()}`)
  await keeper.documents.update(owner, 'access', (access) => ({
    ...access,
    acknowledged: [...new Set([...access.acknowledged, ...users])].slice(-limits.acknowledged),
  }))
  return { kind: 'answer', status: 200 }
}

/** What users say of themselves: setPresence of LCS 2005, publish of OCS 2007, PUBLISH of RFC 3903. */
import { randomToken } from '../../sip/message/random.ts'
import type { SipRequest } from '../../sip/message/types.ts'
import { type Decision, refuse } from '../../sip/routing/decision.ts'
import type { Keeper } from './keeper.ts'
import { ownCategories, roamingData } from './roaming.ts'
import type { Device, Presence, Publication, Tuple } from './state.ts'
import { livePublications, offline } from './view.ts'
import { attribute, bodyOf, child, descendant, type Element, parseXml, writeXml } from './xml.ts'

const limits = { devices: 32, publications: 128, tuples: 32, note: 1024 } as const

/** [MS-SIP] setPresence: the status of one endpoint. */
export function deviceOf(operation: Element, epid: string, wall: number): Device | undefined {
  const presentity = child(operation, 'presentity')
  if (presentity === undefined) return undefined
  const number = (name: string): number => Number(attribute(child(presentity, name) ?? presentity, 'aggregate') ?? 0)
  const userInfo = child(presentity, 'userInfo')
  const state = userInfo === undefined ? undefined : descendant(userInfo, 'state')
  const said = Number((state === undefined ? undefined : attribute(state, 'avail')) ?? 0)
  const availability =
    number('availability') < 100 ? offline : Math.max(fromActivity(number('activity')), bounded(said))
  return {
    epid,
    availability,
    note: (userInfo && child(userInfo, 'note')?.text.slice(0, limits.note)) ?? '',
    since: wall,
  }
}

function bounded(availability: number): number {
  return availability >= 3000 && availability < 18_000 ? availability : 0
}

/** The activities of LCS 2005 on the scale of OCS 2007. */
function fromActivity(activity: number): number {
  if (activity < 300) return 15_500
  if (activity < 400) return 12_500
  return activity >= 500 && activity < 700 ? 6500 : 3500
}

export function withDevice(state: Presence, device: Device): Presence {
  const others = state.devices.filter(({ epid }) => epid !== device.epid).slice(1 - limits.devices)
  return { ...state, devices: [...others, device] }
}

interface Operation {
  readonly category: string
  readonly instance: number
  readonly container: number
  readonly version: number
  readonly expireType: string
  readonly expires: number | undefined
  readonly content: string
}

/** [MS-PRES] 3.2.5.1: categories with the versions that the client knows; 409 names those that it does not. */
export async function publish(request: SipRequest, owner: string, wall: number, keeper: Keeper): Promise<Decision> {
  const publications = descendant(parseXml(request.body), 'publications')
  const operations = (publications?.children ?? []).filter(({ name }) => name === 'publication').map(readOperation)
  if (operations.length === 0 || operations.includes(undefined))
    return refuse(
      400,
      'presence.publication',
      [],
      'body: wanted publications with a category, an instance and a version',
    )
  const known = operations.filter((one) => one !== undefined)
  const endpoint = request.from.parameters.get('epid') ?? ''
  const at = await keeper.known(owner)
  let wrong: readonly string[] = []
  let tooMany = false
  const state = await keeper.documents.update(owner, 'presence', (stored) => {
    // What has run out, or whose endpoint is gone, ends here: its version counts no more, and it takes no room.
    const before = { ...stored, publications: livePublications({ ...at, presence: stored }) }
    wrong = wrongVersions(before, known)
    if (wrong.length > 0) return undefined
    const after = withPublications(before, known, { endpoint, wall })
    tooMany = after.publications.length > limits.publications
    return tooMany ? undefined : after
  })
  if (state === 'full' || tooMany) return refuse(413, 'presence.too-many-publications')
  if (wrong.length > 0) return wrongVersion(wrong)
  keeper.changed(owner)
  const made = state.publications.filter((one) => known.some((operation) => isSame(one, operation)))
  return {
    kind: 'answer',
    status: 200,
    headers: [['Content-Type', 'application/vnd-microsoft-roaming-self+xml']],
    body: bodyOf(roamingData(ownCategories(owner, made))),
  }
}

/** [MS-PRES] 2.2.2.8. */
const expireTypes: ReadonlySet<string> = new Set(['static', 'user', 'endpoint', 'device', 'time'])

function readOperation(element: Element): Operation | undefined {
  const category = element.attributes.get('categoryName') ?? ''
  const [instance, container, version] = ['instance', 'container', 'version'].map((name) =>
    numberOf(element.attributes.get(name)),
  )
  if (!/^[\w.-]{1,64}$/.test(category) || instance === undefined || container === undefined || version === undefined)
    return undefined
  const expireType = element.attributes.get('expireType') ?? 'static'
  if (container > 32_767 || !expireTypes.has(expireType)) return undefined
  const [content] = element.children
  return {
    category,
    instance,
    container,
    version,
    expireType,
    expires: numberOf(element.attributes.get('expires')),
    content: content === undefined ? '' : writeXml(content),
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

function isSame(one: Publication, other: Pick<Publication, 'category' | 'instance' | 'container'>): boolean {
  return one.category === other.category && one.instance === other.instance && one.container === other.container
}

function wrongVersions(state: Presence, operations: readonly Operation[]): readonly string[] {
  return operations.flatMap((operation, at) => {
    const current = state.publications.find((one) => isSame(one, operation))?.version ?? 0
    return current === operation.version
      ? []
      : [`<operation index="${at + 1}" version="${operation.version}" curVersion="${current}"/>`]
  })
}

/** 409: what the client changes has another version by now. @param details one element each, with both versions */
export function wrongVersion(details: readonly string[]): Decision {
  const fault =
    '<Fault xmlns="http://schemas.microsoft.com/2006/09/sip/fault/">' +
    `<Faultcode>Client.BadCall.WrongDelta</Faultcode><details>${details.join('')}</details></Fault>`
  return {
    kind: 'answer',
    status: 409,
    headers: [['Content-Type', 'application/msrtc-fault+xml']],
    body: bodyOf(fault),
  }
}

function withPublications(
  state: Presence,
  operations: readonly Operation[],
  { endpoint, wall }: { readonly endpoint: string; readonly wall: number },
): Presence {
  let publications = state.publications
  for (const { expires, ...operation } of operations) {
    const others = publications.filter((one) => !isSame(one, operation))
    const made: Publication = {
      ...operation,
      version: operation.version + 1,
      until: operation.expireType === 'time' ? wall + (expires ?? 0) * 1000 : undefined,
      endpoint: operation.expireType === 'endpoint' ? endpoint : '',
      published: wall,
    }
    publications = expires === 0 ? others : [...others, made]
  }
  return { ...state, publications }
}

const shortestSeconds = 60
const longestSeconds = 3600

/** RFC 3903 §6, for the event package `presence`. */
export async function publishTuple(
  request: SipRequest,
  owner: string,
  wall: number,
  keeper: Keeper,
): Promise<Decision> {
  const text = request.header('Expires') ?? String(longestSeconds)
  if (!/^\d{1,10}$/.test(text)) return refuse(400, 'presence.expires', [], `Expires: ${text} is no number of seconds`)
  const seconds = Math.min(Number(text), longestSeconds)
  if (seconds > 0 && seconds < shortestSeconds)
    return refuse(423, 'presence.interval-too-brief', [['Min-Expires', String(shortestSeconds)]])
  const match = request.header('SIP-If-Match')
  const body = request.body === '' ? undefined : readTuple(request)
  if (body === 'unknown') return refuse(415, 'presence.document', [['Accept', 'application/pidf+xml']])
  if (match === undefined && body === undefined) return refuse(400, 'presence.document', [], 'body: absent')
  const etag = randomToken(8)
  let found = true
  const state = await keeper.documents.update(owner, 'presence', (before) => {
    const running = before.tuples.filter(({ until }) => until > wall)
    const old = running.find((one) => one.etag === match)
    found = match === undefined || old !== undefined
    const said = body ?? old
    if (!found || said === undefined) return undefined
    const tuple: Tuple = { ...said, etag, until: wall + seconds * 1000, since: wall }
    const others = running.filter((one) => one !== old).slice(1 - limits.tuples)
    return { ...before, tuples: seconds === 0 ? others : [...others, tuple] }
  })
  // RFC 3903 §6 step 3: a publication that is not there any more has to be made anew.
  if (!found) return refuse(412, 'presence.no-publication')
  if (state === 'full') return refuse(413, 'presence.too-many-publications')
  keeper.changed(owner)
  return {
    kind: 'answer',
    status: 200,
    headers: [
      ['SIP-ETag', etag],
      ['Expires', String(seconds)],
    ],
  }
}

/** @throws XmlError */
function readTuple(request: SipRequest): Pick<Tuple, 'open' | 'note'> | 'unknown' {
  if (!/^application\/pidf\+xml\b/i.test(request.header('Content-Type') ?? '')) return 'unknown'
  const root = parseXml(request.body)
  const basics = root.children
    .filter(({ name }) => name === 'tuple')
    .map((tuple) => descendant(tuple, 'basic')?.text.toLowerCase())
  return { open: basics.includes('open'), note: (descendant(root, 'note')?.text ?? '').slice(0, limits.note) }
}

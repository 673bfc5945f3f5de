/** Peers of the classes of the law, as far as a lab has them. */
import type { Test } from 'tap'
import { startBenchProxy } from '../../src/node/bench-proxy.ts'
import type { TrustDocument } from '../../src/roles/law/render.ts'
import type { IdentityKind, PeerKind } from '../../src/roles/law/table.ts'
import type { TargetKind } from '../../src/sip/routing/decision.ts'
import { call, type Dialog, serverAt, strangerAt, type User, userAt } from './attack.ts'
import { partnerEdge } from './federation.ts'
import { freePort } from './free-port.ts'
import type { TestLab } from './lab.ts'
import type { Place, Scene } from './law-walk.ts'
import { rawPeer, type RawPeer } from './raw-peer.ts'
import type { RawTransport } from './raw-pipe.ts'

export interface Player {
  readonly peer: PeerKind
  readonly identity: IdentityKind
  readonly at: RawPeer
  /** Inside the brackets of From. */
  readonly from: string
  readonly contact: string
  /** Whole lines in each request. */
  readonly headers: readonly string[]
  readonly credentials: { readonly login: string; readonly password: string } | undefined
  /** A dialog with bob that this player began; undefined: it cannot begin one. */
  readonly own: Dialog | undefined
}

const mark = 'ms-edge-proxy-message-trust: ms-source-type='
const erin = 'sip:erin@partner.test'

/** Everybody who can be played in a lab that runs. */
export async function sceneOf(t: Test, lab: TestLab, topology: string): Promise<Scene> {
  const { borders } = await lab.json<TrustDocument>('plan', topology, '--format', 'trust')
  const home = borders.find(({ border }) => border === 'home')?.node ?? 'se'
  const transport = home === 'se' ? 'tcp' : 'tls'
  const [alice, bob, dave, carol] = await Promise.all(
    ['alice', 'bob', 'dave', 'carol'].map((login) => userAt(t, lab, login, home, transport)),
  )
  if (alice === undefined || bob === undefined || dave === undefined || carol === undefined)
    throw new Error('the lab has not the users alice, bob, carol and dave')
  if (topology === 'federation') await userAt(t, lab, 'erin', 'partner-fe1')
  const actors = { t, lab, alice, bob, carol, transport } as const
  const places: Place[] = []
  for (const { node, border, peers } of borders) {
    if (node.startsWith('partner-') || places.some((place) => place.border === border)) continue
    const found = { node, border, server: peers.server?.find((name) => name !== lab.node(node).fqdn) }
    const targets = targetsOf(lab, topology, found)
    const players =
      border === 'outside'
        ? await outsiders(actors, topology)
        : [...(border === 'perimeter' ? [] : await phones(actors, found)), ...(await servers(actors, found, peers))]
    const stolen = border === 'perimeter' ? undefined : await stolenAt(actors, found)
    const place = { border, self: lab.node(node).fqdn, door: undefined, players, stolen, targets }
    places.push(place)
    for (const door of border === 'perimeter' ? [] : otherDoors(lab, node, border === 'outside' ? 'tls' : transport))
      places.push({ ...place, door, players: await atDoor(actors, found, door) })
  }
  return { alice, bob, dave, places }
}

/** A director that no access proxy is behind. */
export const directorAlone = `name: director
about: A director before one front end.
profile: lcs2005
domain: lab.test
hosts:
  director: { role: director }
  fe1:      { role: front-end }
users:
  alice: { password: alice-2005, home: pool }
  bob:   { password: bob-2005, home: pool }
  carol: { password: carol-2005, home: pool }
  dave:  { password: dave-2005, home: pool }
`

/** \`siplab bench-proxy\`: whoever has the record of a dialog is in it. */
export async function sceneWithoutAuthentication(t: Test): Promise<Scene> {
  const address = '127.0.0.1'
  const port = await freePort()
  const ground = { address, port, transport: 'tcp', domain: 'lab.test' } as const
  const proxy = await startBenchProxy({
    ...{ ...ground, certificateFile: undefined, keyFile: undefined, caFile: undefined },
    folder: t.testdir(),
    logLevel: 'warn',
  })
  t.teardown(() => proxy.close())
  const signIn = async (login: string): Promise<User> => {
    const peer = await rawPeer(t, ground)
    const uri = `sip:${login}@lab.test`
    const contact = peer.contact.replace('sip:raw@', `sip:${login}@`)
    await peer.ask({ method: 'REGISTER', uri: 'sip:lab.test', from: uri, to: uri, contact, headers: ['Expires: 600'] })
    return Object.assign(Object.create(peer) as RawPeer, { uri, login, contact, password: '' })
  }
  const [alice, bob, carol, dave] = [
    await signIn('alice'),
    await signIn('bob'),
    await signIn('carol'),
    await signIn('dave'),
  ]
  const player: Player = { ...nobodyAs(carol), peer: 'unasked', at: carol, contact: carol.contact }
  const targets = new Map<TargetKind, string>([
    ['own-server', `sip:${address}:${port}`],
    ['elsewhere', ''],
    ['binding', bob.uri],
  ])
  const players = [{ ...player, own: await call(carol, bob) }]
  const place: Place = { border: 'home', self: address, door: undefined, players, stolen: undefined, targets }
  return { alice, bob, dave, places: [place] }
}

/** The listeners for phones over other transports: WebSocket, UDP, TCP in the clear. */
function otherDoors(lab: TestLab, node: string, usual: RawTransport): readonly RawTransport[] {
  const { role, listeners } = lab.node(node)
  const face = role === 'access-proxy' ? 'external' : 'internal'
  const open = listeners.filter((each) => each.face === face && each.mutual !== 'required')
  return (['tls', 'tcp', 'wss', 'udp'] as const).filter(
    (door) => door !== usual && open.some(({ transport }) => transport === door),
  )
}

/** No certificate is asked for there: a stranger, and a user who signs in where that can be done. */
async function atDoor(actors: Actors, { node, border }: Found, door: RawTransport): Promise<readonly Player[]> {
  const { t, lab, carol } = actors
  const at = await strangerAt(t, lab, node, door)
  const stranger: Player = { ...nobodyAs(carol), peer: 'stranger', at, contact: at.contact }
  if (border === 'outside') return [stranger]
  const user = border === 'home' ? await userAt(t, lab, 'carol', node, door) : await asUser(actors, carol, node, door)
  return [stranger, await signedIn(user, actors)]
}

function nobodyAs({ uri }: User): Pick<Player, 'identity' | 'from' | 'headers' | 'credentials' | 'own'> {
  return { identity: 'none', from: uri, headers: [], credentials: undefined, own: undefined }
}

async function signedIn(user: User, { carol, bob }: Actors): Promise<Player> {
  const own = await call(user, bob)
  const { contact } = user
  return {
    peer: 'signed-in user',
    identity: 'user',
    at: user,
    from: carol.uri,
    contact,
    headers: [],
    credentials: carol,
    own,
  }
}

interface Actors {
  readonly t: Test
  readonly lab: TestLab
  readonly alice: User
  readonly bob: User
  readonly carol: User
  readonly transport: RawTransport
}

interface Found {
  readonly node: string
  readonly border: Place['border']
  /** A name of a server that this node takes for one of ours. */
  readonly server: string | undefined
}

function targetsOf(lab: TestLab, topology: string, { node, border }: Found): ReadonlyMap<TargetKind, string> {
  const bob = 'sip:bob@lab.test'
  const near: Readonly<Record<Place['border'], TargetKind | undefined>> = {
    home: 'binding',
    director: 'home',
    outside: 'inward',
    perimeter: undefined,
  }
  const user = near[border]
  return new Map<TargetKind, string>([
    ['own-server', border === 'outside' ? 'sip:sip.lab.test' : `sip:${lab.node(node).fqdn}`],
    ['elsewhere', ''],
    ...(user === undefined ? [] : [[user, bob] as const]),
    ...(topology === 'federation' && border === 'home' ? [['enterprise-edge', erin] as const] : []),
    ...(topology === 'federation' && border === 'perimeter' ? [['partner', erin] as const] : []),
  ])
}

/** At a director nobody signs in, and nobody has to. */
async function asUser({ t, lab, transport }: Actors, user: User, node: string, door = transport): Promise<User> {
  const peer = await strangerAt(t, lab, node, door)
  const { uri, login, password } = user
  return Object.assign(Object.create(peer) as RawPeer, { uri, login, password })
}

async function stolenAt(actors: Actors, { node, border }: Found): Promise<Dialog> {
  const { t, lab, alice, bob } = actors
  if (border === 'outside') return call(await userAt(t, lab, 'alice', node), bob)
  return call(border === 'home' ? alice : await asUser(actors, alice, node), bob)
}

async function phones(actors: Actors, { node, border }: Found): Promise<readonly Player[]> {
  const { t, lab, carol, transport } = actors
  const nobody = nobodyAs(carol)
  const stranger = await strangerAt(t, lab, node, transport)
  const user = border === 'home' ? carol : await asUser(actors, carol, node)
  const clients =
    transport === 'tcp' ? [] : [await serverAt(t, lab, { at: node, name: 'nobody.lab.test', authority: 'internal' })]
  return [
    { ...nobody, peer: 'stranger', at: stranger, contact: stranger.contact },
    ...clients.map((at): Player => ({ ...nobody, peer: 'client', at, contact: at.contact })),
    await signedIn(user, actors),
  ]
}

async function servers(
  actors: Actors,
  { node, border, server }: Found,
  peers: Readonly<Partial<Record<PeerKind, readonly string[]>>>,
): Promise<readonly Player[]> {
  const { t, lab, carol, bob } = actors
  const edge = peers.edge?.[0]
  const players: Player[] = []
  const add = async (
    peer: 'server' | 'edge',
    name: string,
    word: Pick<Player, 'identity' | 'from' | 'headers' | 'credentials'>,
  ): Promise<void> => {
    const at = await serverAt(t, lab, { at: node, name, authority: 'internal' })
    const player = { peer, at, contact: at.contact, own: undefined, ...word }
    const own = word.identity === 'none' || border === 'perimeter' ? undefined : await callBy(player, bob)
    players.push({ ...player, own })
  }
  const nobody = nobodyAs(carol)
  if (server !== undefined) {
    const asserts = (uri: string): readonly string[] => [`P-Asserted-Identity: <${uri}>`]
    await add('server', server, nobody)
    await add('server', server, { ...nobody, identity: 'user', headers: asserts(carol.uri) })
    if (border !== 'perimeter')
      await add('server', server, { ...nobody, identity: 'foreign', from: erin, headers: asserts(erin) })
  }
  if (edge !== undefined) {
    const outside = [`${mark}InternetUser;ms-ep-fqdn=${edge}`]
    await add('edge', edge, { ...nobody, headers: outside })
    const partner = [`${mark}DirectPartner;ms-ep-fqdn=${edge}`]
    await add('edge', edge, { ...nobody, identity: 'foreign', from: erin, headers: partner })
  }
  return players
}

async function outsiders(actors: Actors, topology: string): Promise<readonly Player[]> {
  const { t, lab, carol, bob } = actors
  const stranger = await strangerAt(t, lab, 'edge')
  const nobody = nobodyAs(carol)
  const players: Player[] = [{ ...nobody, peer: 'stranger', at: stranger, contact: stranger.contact }]
  if (topology !== 'federation') return players
  const at = await partnerEdge(t, lab)
  const partner: Player = { ...nobody, peer: 'partner', identity: 'foreign', at, from: erin, contact: at.contact }
  return [...players, { ...partner, own: await callBy(partner, bob) }]
}

let calls = 0

/** A call by somebody who is no user of ours. */
async function callBy({ at, from, contact, headers }: Player, bob: User): Promise<Dialog> {
  const callId = `law-call-${process.pid}-${++calls}`
  const answer = await at.ask({ method: 'INVITE', uri: bob.uri, from, callId, contact, headers })
  if (answer.status !== 200) throw new Error(`the call of ${from} got ${answer.status}`)
  const arrived = await bob.next(({ callId: found }) => found === callId)
  const recorded = answer.addresses('Record-Route').map(({ text }) => `Route: ${text}`)
  const dialog: Dialog = {
    callId,
    toTag: answer.toTag ?? '',
    remoteTarget: answer.addresses('Contact')[0]?.uri.text ?? '',
    routes: recorded.toReversed(),
    routesOfCallee: arrived.addresses('Record-Route').map(({ text }) => `Route: ${text}`),
    answer,
  }
  const { toTag, remoteTarget, routes } = dialog
  const ack = { method: 'ACK', uri: remoteTarget, from, to: bob.uri, toTag, callId, headers: [...routes, ...headers] }
  at.say({ ...ack, cseq: 1 })
  await bob.next(({ method, callId: found }) => method === 'ACK' && found === callId)
  return dialog
}

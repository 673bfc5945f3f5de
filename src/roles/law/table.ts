/**
 * The law of the borders as data: who may send what, and where it may go. The roles read it (`law.ts`),
 * `siplab plan --format trust` prints it, and what fits no row is refused.
 */
import { type TargetKind, targetKinds } from '../../sip/routing/decision.ts'

/** Where a request is judged. */
export const borders = [
  /** Front end and Standard Edition. */
  'home',
  'director',
  /** The outside face of an access proxy. */
  'outside',
  /** Its inside face. */
  'perimeter',
] as const
export type Border = (typeof borders)[number]

export const peerKinds = [
  /** No certificate: a phone, or anybody. */
  'stranger',
  /** A certificate whose names are on no list. */
  'client',
  /** A user of ours by its own credentials: those of the request, or those that its connection signed in with. */
  'signed-in user',
  /** The edge of an organisation that federation allows. */
  'partner',
  /** Our access proxy. */
  'edge',
  /** A server of our organisation. */
  'server',
  /** A host that is treated as a server and is none of ours: it calls by its static route. */
  'static-route host',
  'treated-as-authenticated host',
  /** Anybody, where users are not asked who they are. */
  'unasked',
  /** This server itself. */
  'ourselves',
] as const
export type PeerKind = (typeof peerKinds)[number]

export const identityKinds = [
  /** No identity is asserted: anonymous. */
  'none',
  /** A user of another organisation, by the word of its own server. */
  'foreign',
  /** A user of ours: proved here, or by the word of a server of ours. */
  'user',
] as const
export type IdentityKind = (typeof identityKinds)[number]

export const dialogKinds = [
  'none',
  /** A genuine record of this Call-ID and tag; the sender has not shown that it is one of the two ends. */
  'claimed',
  'proved',
] as const
export type DialogKind = (typeof dialogKinds)[number]

/** A CANCEL fits no row: it belongs to the peer of its transaction and is never routed (docs/decisions/0061). */
export const methodKinds = ['REGISTER', 'PUBLISH', 'OPTIONS', 'ACK', 'CANCEL', 'any other'] as const
export type MethodKind = (typeof methodKinds)[number]

export interface Cell {
  readonly border: Border
  readonly peer: PeerKind
  readonly identity: IdentityKind
  readonly dialog: DialogKind
  readonly method: MethodKind
  readonly target: TargetKind
}

export type Ruling =
  | { readonly kind: 'allow' }
  /** 401 with the challenges of our schemes. */
  | { readonly kind: 'challenge' }
  | { readonly kind: 'refuse'; readonly status: number; readonly because: string }

export interface Row {
  /** As verdicts and events name it. */
  readonly name: string
  readonly borders: readonly Border[]
  readonly peers: readonly PeerKind[]
  readonly identities: readonly IdentityKind[]
  readonly dialogs: readonly DialogKind[]
  readonly methods: readonly MethodKind[]
  readonly targets: readonly TargetKind[]
  readonly then: Ruling
  readonly why: string
}

const allow: Ruling = { kind: 'allow' }
const challenge: Ruling = { kind: 'challenge' }
const inside: readonly Border[] = ['home', 'director']
const anyPeer: readonly PeerKind[] = peerKinds.filter((peer) => peer !== 'ourselves')
const anonymousPeers: readonly PeerKind[] = ['stranger', 'client', 'edge', 'signed-in user']
const requests: readonly MethodKind[] = ['PUBLISH', 'OPTIONS', 'any other']
const dialogRequests: readonly MethodKind[] = ['OPTIONS', 'any other']
const outsideTargets: readonly TargetKind[] = ['static-route', 'partner', 'enterprise-edge']
const leaving: readonly TargetKind[] = targetKinds.filter((target) => target !== 'own-server')

/** No two rows share a cell (test/roles/law/table.test.ts). */
export const rows: readonly Row[] = [
  {
    name: 'probe',
    borders,
    peers: anyPeer,
    identities: identityKinds,
    dialogs: ['none', 'proved'],
    methods: ['OPTIONS'],
    targets: ['own-server'],
    then: allow,
    why: 'OPTIONS to the server itself concerns no user: link watches and connectivity checks send it.',
  },
  {
    name: 'ack to the recorded party',
    borders,
    peers: anyPeer,
    identities: identityKinds,
    dialogs: ['claimed', 'proved'],
    methods: ['ACK'],
    targets: ['dialog'],
    then: allow,
    why: 'An ACK cannot be challenged (RFC 3261 §22.1): it goes to the party that the record names, and nowhere else.',
  },
  {
    name: 'never in a dialog',
    borders,
    peers: anyPeer,
    identities: identityKinds,
    dialogs: ['claimed', 'proved'],
    methods: ['REGISTER', 'PUBLISH'],
    targets: leaving,
    then: { kind: 'refuse', status: 403, because: 'law.never-in-dialog' },
    why: 'REGISTER and PUBLISH stand for themselves: a record of a dialog gives them no right.',
  },
  {
    name: 'registration of a user',
    borders: inside,
    peers: ['signed-in user', 'edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['user'],
    dialogs: ['none'],
    methods: ['REGISTER'],
    targets: ['registrar', 'home'],
    then: allow,
    why: 'A user changes its own bindings; the registrar compares the identity with To (RFC 3261 §10.3 step 4).',
  },
  {
    name: 'registration without identity',
    borders: inside,
    peers: ['server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['none', 'foreign'],
    dialogs: ['none'],
    methods: ['REGISTER'],
    targets: leaving,
    then: { kind: 'refuse', status: 403, because: 'law.anonymous-register' },
    why: 'A link between servers gives no identity to a REGISTER that carries none.',
  },
  {
    name: 'request of a user',
    borders: inside,
    peers: ['signed-in user', 'edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['user'],
    dialogs: dialogKinds,
    methods: ['OPTIONS', 'any other'],
    targets: ['binding', 'open-binding', 'home', ...outsideTargets],
    then: allow,
    why: 'A user may write to every user, to numbers and to the outside.',
  },
  {
    name: 'publication of a user',
    borders: inside,
    peers: ['signed-in user', 'edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['user'],
    dialogs: ['none'],
    methods: ['PUBLISH'],
    targets: ['binding', 'open-binding', 'home', ...outsideTargets],
    then: allow,
    why: 'A user may send a PUBLISH to every user, to numbers and to the outside, if it is outside every dialog.',
  },
  {
    name: 'presence for a user',
    borders: ['home'],
    peers: ['signed-in user', 'edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['user'],
    dialogs: dialogKinds,
    methods: ['any other'],
    targets: ['presence', 'user-data'],
    then: allow,
    why: 'A user watches others, whose access lists decide, and keeps what is its own (RFC 3856, [MS-PRES]).',
  },
  {
    name: 'presence of a user',
    borders: ['home'],
    peers: ['signed-in user', 'edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['user'],
    dialogs: ['none'],
    methods: ['PUBLISH'],
    targets: ['user-data'],
    then: allow,
    why: 'A user publishes its own presence (RFC 3903); the service compares the identity with the Request-URI.',
  },
  {
    name: 'presence for a partner’s user',
    borders: ['home'],
    peers: ['edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['foreign'],
    dialogs: ['none'],
    methods: ['any other'],
    targets: ['presence'],
    then: allow,
    why: 'Users of another organisation may ask; the access lists are closed to them until a user opens them.',
  },
  {
    name: 'presence for a partner’s user, in its dialog',
    borders: inside,
    peers: ['edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['foreign'],
    dialogs: ['proved'],
    methods: ['any other'],
    targets: ['presence', 'home'],
    then: allow,
    why: 'A subscription is refreshed and ended inside its dialog (RFC 6665 §4.1.2).',
  },
  {
    name: 'data of our users for others',
    borders: ['home'],
    peers: ['edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['foreign'],
    dialogs: ['none'],
    methods: ['PUBLISH', 'any other'],
    targets: ['user-data'],
    then: { kind: 'refuse', status: 403, because: 'presence.not-your-own' },
    why: 'No user of another organisation changes what our users keep, or searches the directory.',
  },
  {
    name: 'presence without identity',
    borders: ['home'],
    peers: ['server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['none'],
    dialogs: ['none'],
    methods: ['PUBLISH', 'any other'],
    targets: ['presence', 'user-data'],
    then: { kind: 'refuse', status: 403, because: 'presence.unknown-sender' },
    why: 'A link between servers gives no identity: a watcher without a name has no access list.',
  },
  {
    name: 'request of a partner’s user',
    borders: inside,
    peers: ['edge', 'server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['foreign'],
    dialogs: ['none'],
    methods: requests,
    targets: ['binding', 'open-binding', 'home'],
    then: allow,
    why: 'Users of another organisation reach our users; we relay nothing for them.',
  },
  {
    name: 'anonymous request',
    borders: inside,
    peers: ['server', 'static-route host'],
    identities: ['none'],
    dialogs: ['none'],
    methods: requests,
    targets: ['open-binding', 'home'],
    then: allow,
    why: 'Without an identity a request reaches users whose setting anonymousCalls is on, and changes nothing.',
  },
  {
    name: 'anonymous request to a user who takes none',
    borders: inside,
    peers: ['server', 'static-route host'],
    identities: ['none'],
    dialogs: ['none'],
    methods: requests,
    targets: ['binding'],
    then: { kind: 'refuse', status: 403, because: 'law.anonymous-call' },
    why: 'The setting anonymousCalls of that user is off.',
  },
  {
    name: 'on along the path',
    borders: ['home', 'director', 'perimeter'],
    peers: ['server'],
    identities: identityKinds,
    dialogs: ['none'],
    methods: requests,
    targets: ['path'],
    then: allow,
    why: 'A server of ours sends along the Path of a binding; it has judged the request.',
  },
  {
    name: 'in a proved dialog',
    borders,
    peers: anyPeer,
    identities: identityKinds,
    dialogs: ['proved'],
    methods: dialogRequests,
    targets: ['dialog'],
    then: allow,
    why: 'The sender is an end of this dialog, and the request goes to the other one.',
  },
  {
    name: 'prove who you are',
    borders: inside,
    peers: anonymousPeers,
    identities: ['none'],
    dialogs: ['none'],
    methods: ['REGISTER', 'PUBLISH', 'OPTIONS', 'any other'],
    targets: leaving,
    then: challenge,
    why: 'A sender that is not known is asked for credentials (RFC 3261 §22).',
  },
  {
    name: 'prove that it is your dialog',
    borders: inside,
    peers: anonymousPeers,
    identities: ['none'],
    dialogs: ['claimed'],
    methods: dialogRequests,
    targets: leaving,
    then: challenge,
    why: 'A request in a dialog from a flow that is not the one of the dialog is asked for credentials.',
  },
  {
    name: 'not your dialog',
    borders,
    peers: anyPeer,
    identities: ['user', 'foreign'],
    dialogs: ['claimed'],
    methods: dialogRequests,
    targets: ['dialog'],
    then: { kind: 'refuse', status: 403, because: 'law.not-your-dialog' },
    why: 'The sender is known, and it is neither end of this dialog or speaks under another name.',
  },
  {
    name: 'claim of a dialog without identity',
    borders: [...inside, 'perimeter'],
    peers: ['server', 'static-route host', 'treated-as-authenticated host'],
    identities: ['none'],
    dialogs: ['claimed'],
    methods: dialogRequests,
    targets: ['dialog'],
    then: { kind: 'refuse', status: 403, because: 'law.not-your-dialog' },
    why: 'The server that sent it does not speak for the recorded organisation, and no identity is asserted.',
  },
  {
    name: 'registration without authentication',
    borders: inside,
    peers: ['unasked'],
    identities: identityKinds,
    dialogs: ['none'],
    methods: ['REGISTER'],
    targets: ['registrar', 'home'],
    then: allow,
    why: 'Without authentication every name is taken for its user: bench-proxy and the like.',
  },
  {
    name: 'request without authentication',
    borders: inside,
    peers: ['unasked'],
    identities: identityKinds,
    dialogs: ['none'],
    methods: requests,
    targets: ['binding', 'open-binding', 'home', ...outsideTargets],
    then: allow,
    why: 'Without authentication every sender may write to every user and route, and to nothing else.',
  },
  {
    name: 'presence without authentication',
    borders: ['home'],
    peers: ['unasked'],
    identities: identityKinds,
    dialogs: ['none'],
    methods: ['PUBLISH', 'any other'],
    targets: ['presence', 'user-data'],
    then: allow,
    why: 'Without authentication From is taken for the sender, as it is for registrations.',
  },
  {
    name: 'partner inward',
    borders: ['outside'],
    peers: ['partner'],
    identities: ['foreign'],
    dialogs: ['none'],
    methods: requests,
    targets: ['inward'],
    then: allow,
    why: 'The edge of another organisation speaks for its own users to ours.',
  },
  {
    name: 'partner’s registration',
    borders: ['outside'],
    peers: ['partner'],
    identities: identityKinds,
    dialogs: ['none'],
    methods: ['REGISTER'],
    targets: leaving,
    then: { kind: 'refuse', status: 403, because: 'law.partner-register' },
    why: 'Users of another organisation have no bindings here.',
  },
  {
    name: 'remote user inward',
    borders: ['outside'],
    peers: ['stranger', 'client'],
    identities: ['none'],
    dialogs: ['none'],
    methods: ['REGISTER', 'PUBLISH', 'OPTIONS', 'any other'],
    targets: ['inward'],
    then: allow,
    why: 'Who speaks as a user of ours is asked for credentials by the next server.',
  },
  {
    name: 'remote user inward, in a dialog it has not proved',
    borders: ['outside'],
    peers: ['stranger', 'client'],
    identities: ['none'],
    dialogs: ['claimed'],
    methods: dialogRequests,
    targets: ['inward'],
    then: allow,
    why: 'The same inside a dialog, without the mark that the sender was known by its flow.',
  },
  {
    name: 'remote user to the other end of a dialog it has not proved',
    borders: ['outside'],
    peers: ['stranger', 'client'],
    identities: ['none'],
    dialogs: ['claimed'],
    methods: dialogRequests,
    targets: ['dialog'],
    then: { kind: 'refuse', status: 403, because: 'law.not-your-dialog' },
    why: 'Past the next server no one would ask for a proof: not to another user outside, not to another organisation.',
  },
  {
    name: 'from the inside to a partner',
    borders: ['perimeter'],
    peers: ['server'],
    identities: ['user'],
    dialogs: ['none'],
    methods: requests,
    targets: ['partner'],
    then: allow,
    why: 'Users of ours write to organisations that federation allows.',
  },
  {
    name: 'own OPTIONS',
    borders,
    peers: ['ourselves'],
    identities: ['none'],
    dialogs: ['none'],
    methods: ['OPTIONS'],
    targets: ['home', 'inward', 'static-route', 'partner', 'enterprise-edge'],
    then: allow,
    why: 'The link watch sends OPTIONS to the servers that this server dials.',
  },
  {
    name: 'own notifications',
    borders: ['home'],
    peers: ['ourselves'],
    identities: ['none'],
    dialogs: ['none', 'proved'],
    methods: ['any other'],
    targets: ['binding', 'dialog'],
    then: allow,
    why: 'NOTIFY and BENOTIFY of a subscription that this server holds, and BENOTIFY that signs a user off.',
  },
]

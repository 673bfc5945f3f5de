/** What a role is made of: lists of policies for each face, and whom it knows. `node.ts` runs any of them. */
import type { Arrival, FacePolicies, TargetKind } from '../sip/routing/decision.ts'
import type { FlowTokens } from '../sip/routing/flow-token.ts'
import type { Asker, FaceSettings, ProxySettings, ResponseChange } from '../sip/routing/settings.ts'
import type { SipResponse } from '../sip/message/types.ts'
import type { Clock } from '../sip/clock.ts'
import type { FlowId, TransportName } from '../sip/transport/flow.ts'
import type { Associations } from '../services/authentication/ntlm/associations.ts'
import type { DirectoryCache } from '../services/directory-cache.ts'
import type { LocationService } from '../services/location/location.ts'
import type { Resolver } from '../sip/transport/dial/resolver.ts'
import type { Outbox } from '../services/presence/dialog.ts'
import type { Directory } from '../services/store/directory.ts'
import type { PresenceStore } from '../services/store/presence-store.ts'
import type { Face, NodePlan } from '../topology/plan-types.ts'
import type { Facts } from './law/law.ts'
import type { PeerLists } from './peers.ts'

/** A server this node dials of its own accord: its link is watched with OPTIONS. */
export interface WatchedPeer {
  /** Dialled and verified by this name. */
  readonly fqdn: string
  readonly port: number
  readonly face: string
  /** What it is to this server, for the law. */
  readonly by: TargetKind
  /** What is shown to it where several static routes lead there: `static-route:2`. */
  readonly identity?: string | undefined
}

/** What the core and the transport need of a role, made once at start. */
export interface RoleParts {
  readonly faces: Readonly<Record<string, FacePolicies>>
  /** What each face knows of its peers, for the law. */
  readonly law: Readonly<Record<string, Facts>>
  readonly peers: Readonly<Record<string, PeerLists>>
  readonly watched: readonly WatchedPeer[]
  readonly editResponse?: Readonly<
    Record<string, (response: SipResponse, arrival: Arrival) => ResponseChange | undefined>
  >
  readonly stripResponse?: FaceSettings['stripResponse']
  /** Domains whose OPTIONS end here; absent: they go on to who is at home there. */
  readonly domains?: readonly string[]
  /** See `ProxySettings.servedDomains`; absent: `domains`. */
  readonly servedDomains?: readonly string[]
  /** Name of the face where other organisations come; absent: none do. */
  readonly outsideFace?: string
  /** The name in Record-Route where it is not the FQDN of the face: the pool's. */
  readonly recordRouteName?: string
  /** Told of users whose connection closed. */
  readonly left?: ((aors: readonly string[]) => void) | undefined
  /** See `ProxySettings.detour`: only who knows the bindings of a user finds one. */
  readonly detour?: ProxySettings['detour']
  /** Whether a failure made here may be explained to the peer it goes back to. */
  readonly explainsTo: (asker: Asker) => boolean
}

export interface RoleContext {
  readonly plan: NodePlan
  readonly clock: Clock
  readonly flowTokens: FlowTokens
  /** The lab's DNS as this node sees it. */
  readonly resolver: Resolver
  /** Whether that flow of this process is open. */
  readonly isOpen: (flow: FlowId) => boolean
  /** Whether another server can be spoken to now. */
  readonly isReachable: (fqdn: string, port: number, face: string) => boolean | Promise<boolean>
  /** `off`: users are not asked who they are (benchmarks). */
  readonly authentication: 'on' | 'off'
  /** Who signed in by NTLM at this node; absent: it is not offered. */
  readonly associations: Associations | undefined
  /** Absent for a role without a database, and where every user part is a user (benchmarks). */
  readonly directory: Directory | undefined
  /** The same, remembered for a moment, and while it is away. */
  readonly accounts: DirectoryCache | undefined
  readonly location: LocationService | undefined
  /** Absent where the pool store is (benchmarks): there is no presence then. */
  readonly presence: PresenceGround | undefined
}

/** What the presence service of a home needs. */
interface PresenceGround {
  readonly store: PresenceStore
  readonly outbox: Outbox
  readonly failed: (error: unknown) => void
}

/** The directory of a role that cannot do without. */
export function directoryOf({ plan, directory, accounts }: RoleContext): {
  readonly directory: Directory
  readonly accounts: DirectoryCache
} {
  if (directory === undefined || accounts === undefined) throw new Error(`${plan.name} needs a directory and has none`)
  return { directory, accounts }
}

const noNames: ReadonlySet<string> = new Set()

export function peerLists(lists: {
  readonly servers?: readonly string[]
  readonly edges?: readonly string[]
  readonly authenticatedHosts?: readonly string[]
  readonly strangers?: PeerLists['strangers']
}): PeerLists {
  const set = (names: readonly string[] | undefined): ReadonlySet<string> =>
    names === undefined ? noNames : new Set(names.map((name) => name.toLowerCase()))
  return {
    servers: set(lists.servers),
    edges: set(lists.edges),
    authenticatedHosts: set(lists.authenticatedHosts),
    strangers: lists.strangers ?? 'client',
  }
}

/** How each face of a node is named on the wire. */
export function faceSettings(plan: NodePlan, parts: RoleParts): Readonly<Record<string, FaceSettings & FacePolicies>> {
  return Object.fromEntries(
    plan.faces.map((face): [string, FaceSettings & FacePolicies] => {
      const policies = parts.faces[face.name]
      if (policies === undefined) throw new Error(`${plan.role} has no policies for its face ${face.name}`)
      const editResponse = parts.editResponse?.[face.name]
      return [
        face.name,
        {
          ...wireNames(plan, face, parts.recordRouteName),
          ...policies,
          ...(parts.outsideFace === face.name ? { isOutside: true } : {}),
          ...(parts.stripResponse === undefined ? {} : { stripResponse: parts.stripResponse }),
          ...(editResponse === undefined ? {} : { editResponse }),
        },
      ]
    }),
  )
}

function wireNames(plan: NodePlan, face: Face, recordRouteName: string | undefined): FaceSettings {
  const listeners = plan.listeners.filter((listener) => listener.face === face.name)
  const transports = [...new Set(listeners.map(({ transport }) => transport))]
  const alone = transports.filter(
    (transport) => listeners.filter((listener) => listener.transport === transport).length === 1,
  )
  return {
    name: face.fqdn,
    recordRouteName: recordRouteName ?? face.fqdn,
    // Where two ports serve one transport (5061 and 443 outside), a peer comes back to the port it came by.
    ports: Object.fromEntries(
      alone.map((transport): [TransportName, number] => [
        transport,
        listeners.find((listener) => listener.transport === transport)?.port ?? 0,
      ]),
    ),
    serverPorts: Object.fromEntries(
      transports.map((transport): [TransportName, number] => [transport, serverPort(listeners, transport)]),
    ),
    ownPorts: [...new Set(listeners.map(({ port }) => port))],
    ...dialledPorts(listeners),
    alsoKnownAs: [...new Set([face.address, ...Object.values(face.addresses)].map(bracketed))],
  }
}

/** In a cluster a service leads from the port that peers dial to another one. */
function dialledPorts(listeners: NodePlan['listeners']): Pick<FaceSettings, 'dialledAs'> {
  const moved = listeners.flatMap(({ port, bound }) => (bound === undefined ? [] : [[bound, port] as const]))
  return moved.length === 0 ? {} : { dialledAs: new Map(moved) }
}

/** Servers come back to where they can show their certificate. */
function serverPort(listeners: NodePlan['listeners'], transport: TransportName): number {
  const open = listeners.filter((listener) => listener.transport === transport)
  return (open.find(({ mutual }) => mutual === 'required' || mutual === 'requested') ?? open[0])?.port ?? 0
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** Servers prove themselves to each other by TLS, where they have certificates. */
export function betweenServers({ listeners }: NodePlan): 'tls' | 'tcp' {
  return listeners.some(({ transport, face }) => transport === 'tls' && face === 'internal') ? 'tls' : 'tcp'
}

/** Where a server is dialled by that transport; the usual port where it does not listen so. */
export function portOf({ listeners }: NodePlan, transport: 'tls' | 'tcp', face = 'internal'): number {
  const listener = listeners.find((each) => each.transport === transport && each.face === face)
  return listener?.port ?? (transport === 'tls' ? 5061 : 5060)
}

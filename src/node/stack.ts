/**
 * The stack of one node: transport, proxy core and the lists of its role, joined. What happens in it is recorded as
 * events.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Clock } from '../sip/clock.ts'
import { createProxy, type Proxy } from '../sip/routing/proxy.ts'
import { defaultForward, type ForwardSettings, type ProxyEvents } from '../sip/routing/settings.ts'
import { FlowTokens } from '../sip/routing/flow-token.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { HeaderField } from '../sip/message/types.ts'
import { OverloadGuard } from '../sip/transaction/overload.ts'
import { defaultTransactionLimits } from '../sip/transaction/settings.ts'
import { TimerWheel } from '../sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../sip/transaction/types.ts'
import type { Flow } from '../sip/transport/flow.ts'
import { createResolver, type Resolver } from '../sip/transport/dial/resolver.ts'
import { createTransport } from '../sip/transport/transport.ts'
import { TargetHealth } from '../sip/transport/dial/target-health.ts'
import { defaultTransportSettings, type TransportSettings } from '../sip/transport/settings.ts'
import type { Locate, ProxySettings } from '../sip/routing/settings.ts'
import type {
  Judgement,
  NextHop,
  PeerEvidence,
  TlsMaterial,
  TransportLayer,
  TransportUser,
} from '../sip/transport/types.ts'
import { shareIdentity } from '../services/authentication/flow-identity.ts'
import { onFlowClosed as forgetFlow } from '../services/registrar/registrar.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import { peerPolicies } from '../topology/requirements.ts'
import { accessProxy } from '../roles/access-proxy.ts'
import {
  connectionName,
  diagnosePeer,
  diagnoseRefusal,
  diagnoseSilence,
  type Directory,
  nodeDirectory,
} from './diagnosis.ts'
import { diagnosticsHeaders } from './diagnostics.ts'
import { director } from '../roles/director.ts'
import { openGateway } from './voice-service/gateway.ts'
import { gatewayJudge } from './voice-service/gateway-judge.ts'
import { groundOf, type JudgingGround } from './examine-peer.ts'
import { home, ownIdentity } from '../roles/home.ts'
import { forbids } from '../roles/law/law.ts'
import type { NodeLinks } from './links.ts'
import { nextHops } from './next-hops.ts'
import { peerJudge } from '../roles/peers.ts'
import { recordRefusal } from './refusal-events.ts'
import type { EventName } from './events.ts'
import type { Recorder } from './recorder.ts'
import { requestLog } from './request-log.ts'
import { faceSettings, type RoleContext, type RoleParts } from '../roles/role.ts'
import { reachability } from './reach.ts'
import type { Stores } from './stores.ts'
import { cacheDirectory, type DirectoryCache } from '../services/directory-cache.ts'

export interface Stack {
  readonly transport: TransportLayer
  readonly proxy: Proxy
  readonly parts: RoleParts
  readonly locate: Locate
  /** What requests last learned of the directory; absent where the node has none. */
  readonly accounts: DirectoryCache | undefined
  /** Of a role that watches its links itself; absent: those in `parts.watched`. */
  readonly links: NodeLinks | undefined
  close(): Promise<void>
}

export interface StackOptions {
  readonly lab: LabPlan
  readonly plan: NodePlan
  readonly clock: Clock
  readonly recorder: Recorder
  readonly stores: Stores
  /** Shared by the nodes of an organisation: signs flow tokens. 32 octets. */
  readonly sharedKey: Buffer
  readonly authentication: 'on' | 'off'
  /** What a face shows and judges by at this moment; absent where it has no certificate. */
  readonly materialOf?: (face: string) => TlsMaterial | undefined
  readonly transportSettings?: Partial<TransportSettings>
  readonly forward?: Partial<ForwardSettings>
  /** Seconds for Retry-After of a new request that is turned away; absent: all are taken. */
  readonly shed?: ProxySettings['shed']
  /** How a peer is verified that is dialled by its address; by that address as a name unless said otherwise. */
  readonly numericHosts?: 'by-chain'
  readonly onFlowOpened?: (flow: Flow) => void
  /** After everyone who waited on it was told. */
  readonly onFlowClosed?: (flow: Flow, because: string) => void
}

export function openStack(options: StackOptions): Stack {
  const { lab, plan, clock, recorder, stores } = options
  const who = nodeDirectory(lab)
  const events = proxyEvents(recorder, plan, who)
  const overload = new OverloadGuard(clock, setImmediate)
  let judge: (evidence: PeerEvidence) => Judgement = () => ({
    kind: 'refuse',
    code: 'link.forbidden',
    detail: undefined,
  })
  let proxy: Proxy | undefined
  let links: NodeLinks | undefined
  const user: TransportUser = {
    // Whatever a message does to us, it ends no more than itself.
    onRequest(request, flow) {
      try {
        proxy?.transactions.onRequest(request, flow)
      } catch (error) {
        events.failed?.(request, error)
      }
    },
    onResponse(response, flow) {
      try {
        proxy?.transactions.onResponse(response, flow)
      } catch (error) {
        events.failed?.(response, error)
      }
    },
    onFlowOpened(flow) {
      recordOpened(recorder, flow, who.byAddress(flow.remote.address))
      options.onFlowOpened?.(flow)
    },
    onFlowClosed(flow, because) {
      proxy?.transactions.onFlowClosed(flow, because)
      if (stores.location !== undefined)
        void Promise.resolve(forgetFlow(stores.location, flow)).catch((error: unknown) =>
          recorder.record('store.lost', { message: String(error) }),
        )
      recorder.record('flow.closed', { data: { flow: flow.id, because } })
      if (flow.secure && flow.direction === 'accepted' && !flow.confirmed && because !== 'closed')
        recordSilence(options, who, flow, because)
      options.onFlowClosed?.(flow, because)
    },
    onRefused(refusal) {
      const found = diagnoseRefusal(plan, who, refusal, options.materialOf?.(refusal.face))
      const connection = connectionName(refusal.side, refusal.local, refusal.remote)
      // Evidence of the peer is there exactly when this end did the refusing.
      const refusedHere = refusal.evidence !== undefined
      recorder.record(refusedHere ? 'flow.refused' : 'flow.lost', {
        verdict: found,
        ...(connection === undefined ? {} : { connection }),
        data: {
          side: refusal.side,
          face: refusal.face,
          ...(refusal.errorCode === undefined ? {} : { errorCode: refusal.errorCode }),
          ...(refusal.own === undefined ? {} : { shownSerial: refusal.own.serial }),
        },
      })
    },
    onBehind: () => overload.fallBehind(),
    onWait: (ms) => overload.waits(ms),
    onIncident(incident) {
      const stapled = stapleCode(incident.event)
      if (stapled !== undefined)
        return recorder.record('certificate.remarked', {
          verdict: verdict(stapled, {
            node: plan.name,
            link: `${plan.name}->${who.byAddress(incident.remote.address)}`,
            direction: 'outgoing',
            found: incident.reason,
          }),
        })
      recorder.record(incidentEvent(incident.event), {
        message: incident.reason,
        data: { remote: `${incident.remote.address}:${incident.remote.port}`, incident: incident.event },
      })
    },
  }
  const transport = createTransport({
    clock,
    user,
    judge: (evidence) => judge(evidence),
    settings: { ...bounds(plan), ...options.transportSettings },
  })
  const flowTokens = new FlowTokens({ node: plan.fqdn, key: options.sharedKey, flow: (id) => transport.flow(id) })
  // Names are kept for a second: a lab changes its records while it runs.
  const resolver = createResolver({
    clock,
    servers: [`${plan.resolver.address}:${plan.resolver.port}`],
    cacheSeconds: 1,
  })
  const locate = locator(options, resolver, (hop) => transport.existing(hop) !== undefined)
  const accounts =
    stores.directory === undefined ? undefined : cacheDirectory(stores.directory, { clock, freshMs: 1000 })
  const parts = partsOf({
    plan,
    clock,
    flowTokens,
    resolver,
    isOpen: (flow) => transport.flow(flow)?.open === true,
    isReachable: reachability({ clock, transport, locate }),
    authentication: options.authentication,
    directory: stores.directory,
    accounts,
    location: stores.location,
  })
  const { names } = plan.profile
  judge = peerJudge({
    faces: parts.peers,
    names,
    nameRules: nameRulesOf(plan),
    diagnose: (code, evidence) => diagnosePeer(plan, who, groundFor(options, evidence.face), code, evidence),
  })
  const settings = plan.settings
  const faces = faceSettings(plan, parts)
  if (settings.kind === 'gateway') {
    const ground = (face: string): JudgingGround | undefined => groundFor(options, face)
    const diagnose = (code: VerdictCode, evidence: PeerEvidence): Verdict =>
      diagnosePeer(plan, who, ground(evidence.face), code, evidence)
    judge = gatewayJudge({ policy: peerPolicies[settings.policy], trunks: settings.trunks.flat(), ground, diagnose })
    const [face] = Object.values(faces)
    if (face === undefined) throw new Error(`${plan.name} has no face`)
    const gateway = openGateway({ plan, settings, clock, transport, locate, face, who, recorder })
    proxy = gateway.proxy
    links = gateway.links
  } else
    proxy = createProxy({
      clock,
      wheel: new TimerWheel(clock, (error) => events.failed?.(undefined, error)),
      timers: defaultTimers,
      limits: defaultTransactionLimits,
      transport,
      locate,
      health: new TargetHealth(clock),
      faces,
      forward: { ...defaultForward, ...options.forward },
      ...(parts.domains === undefined ? {} : { domains: parts.domains }),
      ...(parts.detour === undefined ? {} : { detour: parts.detour }),
      shed: (request) => options.shed?.(request) ?? overload.shed(),
      sameUser: (one, other) => shareIdentity(one, other, clock.wall()),
      optionTags: ['ms-benotify'],
      flowTokens,
      forbids: forbids(new Map(Object.entries(parts.law))),
      diagnostics: (because, arrival, status, detail): readonly HeaderField[] =>
        parts.explainsTo(arrival) ? diagnosticsHeaders({ plan, who }, because, arrival, status, detail) : [],
      on: events,
    })
  return {
    transport,
    proxy,
    parts,
    locate,
    accounts,
    links,
    async close() {
      proxy?.close()
      // Before its flows: they end because the process does, and the registrations are for the next one.
      stores.location?.close()
      await transport.close()
    },
  }
}

function groundFor({ materialOf, clock }: StackOptions, face: string): JudgingGround | undefined {
  const material = materialOf?.(face)
  return material === undefined ? undefined : groundOf(material, clock.wall())
}

function partsOf(context: RoleContext): RoleParts {
  const { settings } = context.plan
  switch (settings.kind) {
    case 'standard-edition':
    case 'front-end':
      return home(context, settings)
    case 'director':
      return director(context, settings)
    case 'access-proxy':
      return accessProxy(context, settings)
    case 'gateway':
      return gatewayParts
    default:
      throw new Error(`${context.plan.name}: the role ${context.plan.role} has no SIP stack`)
  }
}

/** Behind a load balancer every client has the balancer's address. */
function bounds({ settings }: NodePlan): Partial<TransportSettings> {
  return 'members' in settings && settings.members.length > 1
    ? { connectionsPerSource: defaultTransportSettings.connections }
    : {}
}

/** Who answers calls itself has no lists of policies and knows its peers by what they show. */
const gatewayParts: RoleParts = {
  faces: { internal: { admit: [], target: [] } },
  law: {},
  peers: {},
  watched: [],
  explainsTo: () => false,
}

/**
 * A static route with a certificate of its own shows it to its next hop, whatever request goes there; of several routes
 * to one host and port the first, unless the request says another.
 */
function routeIdentity({
  settings,
}: NodePlan): (host: string, port: number | undefined, wanted: string | undefined) => string | undefined {
  const routes =
    'staticRoutes' in settings ? settings.staticRoutes.filter(({ reference }) => reference !== undefined) : []
  if (routes.length === 0) return () => undefined
  return (host, port, wanted) => {
    if (wanted === ownIdentity) return undefined
    const leading = routes.filter((route) => route.nextHop === host && (port === undefined || route.port === port))
    return (leading.find(({ reference }) => reference === wanted) ?? leading[0])?.reference
  }
}

function locator(
  { plan, clock, numericHosts }: StackOptions,
  resolver: Resolver,
  isOpen: (hop: NextHop) => boolean,
): Locate {
  const supported = plan.listeners.some(({ transport }) => transport === 'udp')
    ? (['tls', 'tcp', 'udp'] as const)
    : (['tls', 'tcp'] as const)
  return nextHops({
    clock,
    resolver,
    supported,
    nameRule: plan.profile.names.wanted === 'dialled-name' ? 'dialled-fqdn' : 'domain-first',
    random: Math.random,
    isOpen,
    identityOf: routeIdentity(plan),
    ...(numericHosts === undefined ? {} : { numericHosts }),
  })
}

function nameRulesOf({ profile }: NodePlan): 'lcs' | 'ocs' | 'rfc5922' {
  switch (profile.name) {
    case 'lcs2005':
      return 'lcs'
    case 'ocs2007':
      return 'ocs'
    case 'modern':
      return 'rfc5922'
    default:
      return profile.name satisfies never
  }
}

function recordSilence({ plan, recorder }: StackOptions, who: Directory, flow: Flow, because: string): void {
  const connection = connectionName('accepted', flow.local, flow.remote)
  recorder.record('flow.lost', {
    verdict: diagnoseSilence(plan, who, flow.remote, because),
    ...(connection === undefined ? {} : { connection }),
    data: { side: 'accepted', face: flow.face, ...(flow.own === undefined ? {} : { shownSerial: flow.own.serial }) },
  })
}

function stapleCode(incident: string): 'tls.staple-missing' | 'tls.staple-invalid' | undefined {
  return incident === 'tls.staple-missing' || incident === 'tls.staple-invalid' ? incident : undefined
}

function recordOpened(recorder: Recorder, flow: Flow, peer: string): void {
  recorder.record('flow.opened', {
    data: { flow: flow.id, peer, transport: flow.transport, direction: flow.direction },
  })
  if (flow.peer === undefined) return
  const connection = connectionName(flow.direction, flow.local, flow.remote)
  recorder.record('flow.accepted', {
    message: `${flow.peer.names[0] ?? flow.peer.subject} was accepted as ${flow.peer.class}`,
    ...(connection === undefined ? {} : { connection }),
    data: {
      flow: flow.id,
      face: flow.face,
      side: flow.direction,
      peer,
      class: flow.peer.class,
      serial: flow.peer.serial,
      ...(flow.own === undefined ? {} : { shownSerial: flow.own.serial }),
    },
  })
}

function incidentEvent(incident: string): EventName {
  switch (incident) {
    case 'connection.probe':
      return 'peer.probe'
    case 'connection.limit':
      return 'connection.limit'
    case 'message.malformed':
      return 'message.malformed'
    default:
      return 'connection.incident'
  }
}

function proxyEvents(recorder: Recorder, plan: NodePlan, who: Directory): ProxyEvents {
  const log = requestLog(recorder)
  return {
    decision(arrival: Arrival, decision, policy) {
      log.decision(arrival, decision, policy)
      if (decision.kind === 'refuse') recordRefusal(recorder, plan, who, arrival, decision.because)
    },
    forwarded: (arrival, target, flow) => log.forwarded(arrival, target, flow),
    answered: (request, status, because) => log.answered(request, status, because),
    dropped: (message, flow, because) => log.dropped(message, flow, because),
    failed: (message, error) => log.failed(message, error),
  }
}

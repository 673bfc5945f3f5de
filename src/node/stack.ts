/**
 * The stack of one node: transport, proxy core and the lists of its role, joined. What happens in it is recorded as
 * events.
 */
import { examinerProfile } from '../certificates/examine/profiles.ts'
import { isInternalAuthority } from '../certificates/authority-folder.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Clock } from '../sip/clock.ts'
import { createProxy, type Proxy } from '../sip/routing/proxy.ts'
import { defaultForward, type ForwardSettings, type ProxyEvents } from '../sip/routing/settings.ts'
import { FlowTokens } from '../sip/routing/flow-token.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { HeaderField } from '../sip/message/types.ts'
import { OverloadGuard, threadCpuMs } from '../sip/transaction/overload.ts'
import { defaultTransactionLimits } from '../sip/transaction/settings.ts'
import { TimerWheel } from '../sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../sip/transaction/types.ts'
import { clusterResolver } from './cluster-names.ts'
import { createResolver, type Resolver } from '../sip/transport/dial/resolver.ts'
import { createTransport } from '../sip/transport/transport.ts'
import { TargetHealth } from '../sip/transport/dial/target-health.ts'
import type { TransportSettings } from '../sip/transport/settings.ts'
import type { Locate, ProxySettings } from '../sip/routing/settings.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { Judgement, NextHop, PeerEvidence, TransportLayer } from '../sip/transport/types.ts'
import { mayBeDialledBack, shareIdentity } from '../services/authentication/flow-identity.ts'
import type { NtlmSeal } from '../services/authentication/ntlm/seal.ts'
import type { GatewaySettings, LabPlan, NodePlan } from '../topology/plan-types.ts'
import { peerPolicies } from '../topology/peer-policy.ts'
import { accessProxy } from '../roles/access-proxy.ts'
import { type CommunicatorParts, communicatorParts } from './communicator.ts'
import { connectionsOfProcess } from './descriptors.ts'
import { diagnosePeer, type Directory, nodeDirectory } from './diagnosis.ts'
import { diagnosticsHeaders } from './diagnostics.ts'
import { director } from '../roles/director.ts'
import { openGateway } from './voice-service/gateway.ts'
import { gatewayJudge } from './voice-service/gateway-judge.ts'
import { playedJudge } from './voice-service/played-judge.ts'
import { groundOf, type JudgingGround } from './examine-peer.ts'
import { home, ownIdentity } from '../roles/home.ts'
import { forbids } from '../roles/law/law.ts'
import type { NodeLinks } from './links.ts'
import { nextHops } from './next-hops.ts'
import { peerJudge } from '../roles/peers.ts'
import { type FlowWatch, NodeTransportUser } from './transport-user.ts'
import { RefusalCounts, recordField, recordRefusal } from './refusal-events.ts'
import { RequestLog } from './request-log.ts'
import { faceSettings, type RoleContext, type RoleParts } from '../roles/role.ts'
import { reachability } from './reach.ts'
import type { Stores } from './stores.ts'
import { cacheDirectory, type DirectoryCache } from '../services/directory-cache.ts'
import { endpointText } from '../sip/message/endpoint.ts'

export interface Stack {
  readonly transport: TransportLayer
  readonly proxy: Proxy
  readonly parts: RoleParts
  readonly locate: Locate
  /** What requests last learned of the directory; absent where the node has none. */
  readonly accounts: DirectoryCache | undefined
  readonly signOff: CommunicatorParts['signOff']
  readonly signOffAll: CommunicatorParts['signOffAll']
  /** Of a role that watches its links itself; absent: those in `parts.watched`. */
  readonly links: NodeLinks | undefined
  /** Requests refused by each row of the law. */
  readonly refusals: RefusalCounts
  close(): Promise<void>
}

export interface StackOptions extends FlowWatch {
  readonly lab: LabPlan
  readonly clock: Clock
  /** Shared by the nodes of an organisation: signs flow tokens. 32 octets. */
  readonly sharedKey: Buffer
  readonly authentication: 'on' | 'off'
  readonly transportSettings?: Partial<TransportSettings>
  readonly forward?: Partial<ForwardSettings>
  /** Seconds for Retry-After of a new request that is turned away; absent: all are taken. */
  readonly shed?: ProxySettings['shed']
  /** How a peer is verified that is dialled by its address; by that address as a name unless said otherwise. */
  readonly numericHosts?: 'by-chain'
}

export function openStack(options: StackOptions): Stack {
  const { lab, plan, clock, stores } = options
  const who = nodeDirectory(lab)
  const refusals = new RefusalCounts()
  const events = proxyEvents(options, who, refusals)
  const overload = guardOf(clock, () => transport)
  const user = userOf(options, who, events, overload)
  let core: Core | undefined
  const transport = transportOf(options, user, (evidence) => core?.judge(evidence) ?? unjudged)
  const flowTokens = new FlowTokens({
    ...{ node: plan.fqdn, pool: poolOf(plan), key: options.sharedKey },
    flow: (id) => transport.flow(id),
  })
  const resolver = resolverOf(options)
  const locate = locator(options, resolver, (hop) => transport.existing(hop) !== undefined)
  const accounts = accountsOf(options)
  const failed = (error: unknown): void => events.failed?.(undefined, error)
  const forCommunicators = communicatorParts({ plan, clock, stores, user, transport, locate, failed })
  const parts = partsOf({
    ...forCommunicators.context,
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
  user.left = parts.left
  core = coreOf({ options, who, events, overload, transport, flowTokens, locate, parts, seal: forCommunicators.seal })
  const { proxy, links } = core
  user.transactions = proxy.transactions
  forCommunicators.sendBy(proxy)
  const end = (): Promise<void> => close(proxy, stores, transport)
  const { signOff, signOffAll } = forCommunicators
  return { transport, proxy, parts, locate, accounts, links, refusals, signOff, signOffAll, close: end }
}

/** @param transport asked when the first message has come: it is made later */
function guardOf(clock: Clock, transport: () => TransportLayer): OverloadGuard {
  return new OverloadGuard(clock, {
    atEndOfTurn: (callback) => transport().atEndOfTurn(callback),
    cpuMs: threadCpuMs,
  })
}

/** Whose tokens a node reads: front ends have those of their pool, every other server its own. */
function poolOf({ fqdn, settings }: NodePlan): string {
  return 'home' in settings ? settings.home : fqdn
}

/** Until the stack is whole, no peer may connect. */
const unjudged: Judgement = { kind: 'refuse', code: 'link.forbidden', detail: undefined }

function transportOf(
  { clock, plan, transportSettings, wire }: StackOptions,
  user: NodeTransportUser,
  judge: (evidence: PeerEvidence) => Judgement,
): TransportLayer {
  const transport = createTransport({ clock, user, judge, settings: { ...bounds(plan), ...transportSettings } })
  transport.setTrace(wire.tap)
  return transport
}

function userOf(
  options: StackOptions,
  who: Directory,
  events: ProxyEvents,
  overload: OverloadGuard,
): NodeTransportUser {
  return new NodeTransportUser({
    ...options,
    who,
    overload,
    failed: (message, error) => events.failed?.(message, error),
    dropped: (message, flow, because) => events.dropped?.(message, flow, because),
  })
}

/** Names are kept for a second: a lab changes its records while it runs. */
function resolverOf({ clock, plan: { resolver, faces } }: StackOptions): Resolver {
  if (resolver.names !== undefined)
    return clusterResolver(resolver.names, createResolver({ clock, servers: [], cacheSeconds: 1 }))
  // On loopback the kernel would ask from 127.0.0.1: the DNS of the lab then could not say which node asked.
  const own = isLoopback(resolver.address) ? faces.find(({ address }) => isLoopback(address))?.address : undefined
  return createResolver({
    clock,
    servers: [endpointText(resolver.address, resolver.port)],
    cacheSeconds: 1,
    ...(own === undefined ? {} : { from: own }),
  })
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.')
}

function accountsOf({ clock, stores: { directory } }: StackOptions): DirectoryCache | undefined {
  return directory === undefined ? undefined : cacheDirectory(directory, { clock, freshMs: 1000 })
}

async function close(proxy: Proxy, stores: Stores, transport: TransportLayer): Promise<void> {
  proxy.close()
  // Before its flows: they end because the process does, and the registrations are for the next one.
  stores.location?.close()
  await transport.close()
}

/** The layer above the transport: it takes the messages, and says of each peer whether it may connect. */
interface Core {
  readonly proxy: Proxy
  readonly judge: (evidence: PeerEvidence) => Judgement
  readonly links: NodeLinks | undefined
}

interface CoreBase {
  readonly options: StackOptions
  readonly who: Directory
  readonly events: ProxyEvents
  readonly overload: OverloadGuard
  readonly transport: TransportLayer
  readonly flowTokens: FlowTokens
  readonly locate: Locate
  readonly parts: RoleParts
  readonly seal: NtlmSeal | undefined
}

function coreOf(base: CoreBase): Core {
  const { settings } = base.options.plan
  if (settings.kind === 'gateway') return gatewayCore(base, settings)
  return { proxy: proxyOf(base), judge: judgeOf(base), links: undefined }
}

function gatewayCore({ options, who, transport, locate, parts }: CoreBase, settings: GatewaySettings): Core {
  const { plan, clock, recorder } = options
  const ground = (face: string): JudgingGround | undefined => groundFor(options, face)
  const diagnose = (code: VerdictCode, evidence: PeerEvidence): Verdict =>
    diagnosePeer(plan, who, ground(evidence.face), code, evidence)
  const policy = peerPolicies[settings.policy]
  const rules = settings.plays?.rules
  const trunks = settings.trunks.flat()
  const [face] = Object.values(faceSettings(plan, parts))
  if (face === undefined) throw new Error(`${plan.name} has no face`)
  return {
    ...openGateway({ plan, settings, clock, transport, locate, face, who, recorder }),
    judge:
      rules === undefined
        ? gatewayJudge({ policy, trunks, ground, diagnose })
        : playedJudge({ rules, trunks, ground, diagnose, isPrivate: ({ issuer }) => isInternalAuthority(issuer.text) }),
  }
}

function judgeOf({ options, who, parts }: CoreBase): Core['judge'] {
  const { plan, recorder, materialOf } = options
  return peerJudge({
    unchecked: ({ face, side, remote }) =>
      materialOf?.(face, side)?.tuning?.checksNoName === true
        ? (found) => recordUnchecked(recorder, plan.name, who.byAddress(remote.address), found)
        : undefined,
    faces: parts.peers,
    names: plan.profile.names,
    nameRules: examinerProfile(plan.profile.name).nameRules,
    diagnose: (code, evidence) => diagnosePeer(plan, who, groundFor(options, evidence.face), code, evidence),
  })
}

function recordUnchecked(recorder: StackOptions['recorder'], node: string, peer: string, found: string): void {
  recorder.record('certificate.remarked', {
    verdict: verdict('tls.name-not-checked', { node, found: `the certificate of ${peer} was accepted: ${found}` }),
  })
}

function proxyOf({ options, who, events, overload, transport, flowTokens, locate, parts, seal }: CoreBase): Proxy {
  const { plan, clock } = options
  return createProxy({
    clock,
    wheel: new TimerWheel(clock, (error) => events.failed?.(undefined, error)),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport,
    locate,
    health: new TargetHealth(clock),
    faces: faceSettings(plan, parts),
    forward: { ...defaultForward, ...options.forward },
    ...(parts.domains === undefined ? {} : { domains: parts.domains }),
    ...(parts.servedDomains === undefined ? {} : { servedDomains: parts.servedDomains }),
    ...(parts.detour === undefined ? {} : { detour: parts.detour }),
    shed: (request) => options.shed?.(request) ?? overload.shed(),
    ...(seal === undefined ? {} : { sealed: (text: string, flow: Flow) => seal.sealed(text, flow) }),
    sameUser: (one, other) => shareIdentity(one, other, clock.wall()),
    dialsBack: mayBeDialledBack,
    optionTags: ['ms-benotify'],
    flowTokens,
    forbids: forbids(new Map(Object.entries(parts.law))),
    diagnostics: (because, asker, status, detail): readonly HeaderField[] =>
      parts.explainsTo(asker) ? diagnosticsHeaders({ plan, who }, because, asker, status, detail) : [],
    on: events,
  })
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

/** No more connections than there are descriptors. Behind a load balancer every client has the balancer's address. */
function bounds({ settings, listeners }: NodePlan): Partial<TransportSettings> {
  const connections = connectionsOfProcess(listeners.length)
  return 'members' in settings && settings.members.length > 1
    ? { connections, connectionsPerSource: connections }
    : { connections }
}

/** A gateway answers calls itself: it has no lists of policies, and knows its peers by their certificates. */
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

function proxyEvents({ recorder, plan, wire }: StackOptions, who: Directory, refusals: RefusalCounts): ProxyEvents {
  const log = new RequestLog(recorder)
  return {
    decision(arrival: Arrival, decision, policy) {
      log.decision(arrival, decision, policy)
      wire.decisions.add(arrival, decision, policy)
      if (decision.kind !== 'refuse') return
      refusals.count(arrival, decision.because)
      recordRefusal(recorder, plan, who, arrival, decision.because)
      if (decision.found !== undefined) recordField(recorder, plan, arrival.flow.remote, decision.found)
    },
    malformed: (flow, found) => recordField(recorder, plan, flow.remote, found),
    forwarded: (arrival, target, flow) => log.forwarded(arrival, target, flow),
    answered: (request, status, because) => log.answered(request, status, because),
    dropped: (message, flow, because) => log.dropped(message, flow, because),
    failed: (message, error) => log.failed(message, error),
  }
}

/** A proxy core between fake flows, on a fake clock. */
import type { HeaderField, SipRequest } from '../../src/sip/message/types.ts'
import type { Decision, Policy, Target } from '../../src/sip/routing/decision.ts'
import { createProxy, type Proxy } from '../../src/sip/routing/proxy.ts'
import {
  defaultForward,
  type FaceSettings,
  type ForwardSettings,
  type ProxySettings,
} from '../../src/sip/routing/settings.ts'
import { defaultTransactionLimits, type TransactionLimits } from '../../src/sip/transaction/settings.ts'
import { TimerWheel } from '../../src/sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../../src/sip/transaction/types.ts'
import { TargetHealth } from '../../src/sip/transport/dial/target-health.ts'
import type { NextHop } from '../../src/sip/transport/types.ts'
import { FakeClock } from './fake-clock.ts'
import { type FakeFlow, FakeTransport } from './fake-transport.ts'
import { responseTo } from './sip-messages.ts'

export interface ProxyBench {
  readonly clock: FakeClock
  readonly wheel: TimerWheel
  readonly transport: FakeTransport
  readonly health: TargetHealth
  readonly proxy: Proxy
  /** The flow of the caller, accepted on the face `internal`. */
  readonly caller: FakeFlow
  /** `refuse 403 because`, `dropped because` … as the core told them. */
  readonly told: string[]
  readonly errors: unknown[]
  /** Hands `request` in and lets promises settle. */
  arrive(request: SipRequest, flow?: FakeFlow): Promise<void>
  /** Answers the last request that went out on `flow`. */
  answer(flow: FakeFlow, status: number, headers?: readonly HeaderField[]): void
  /** The flow to that port; it must have been used. */
  to(port: number): FakeFlow
}

export interface ProxyOptions {
  /** What the only target policy answers; default: the Request-URI is the target. */
  readonly decide?: (request: SipRequest) => Decision | Promise<Decision>
  readonly admit?: readonly Policy[]
  /** In place of the policy made from `decide`. */
  readonly target?: readonly Policy[]
  /** Ports behind a host name; `callee.lab.test` leads to 7001 unless given. */
  readonly hosts?: Readonly<Record<string, readonly number[]>>
  readonly forward?: Partial<ForwardSettings>
  readonly limits?: Partial<TransactionLimits>
  readonly faces?: Readonly<Record<string, Partial<FaceSettings>>>
  readonly settings?: Partial<ProxySettings>
  readonly transport?: 'udp' | 'tls'
  readonly make?: (parts: { readonly transport: FakeTransport }) => Partial<ProxyOptions>
}

export function target(uri: string, change: Partial<Target> = {}): Target {
  return { uri, flow: undefined, routes: [], nextHop: undefined, q: 1000, face: undefined, ...change }
}

export function route(...targets: readonly (string | Target)[]): Decision {
  return {
    kind: 'route',
    because: 'test',
    targets: targets.map((one) => (typeof one === 'string' ? target(one) : one)),
  }
}

/** Goes where Route and Request-URI say, whoever asks: for tests of what the core does with them. */
export function followAnyRoute(face?: string): Policy {
  return {
    name: 'follow-any-route',
    decide({ uri, routes, claimsDialog, ownRoute }) {
      if (routes.length === 0 && (!claimsDialog || ownRoute === undefined)) return { kind: 'pass' }
      return route(target(uri.text, { face, identity: ownRoute?.uri.parameters.get('identity') }))
    },
  }
}

/** Takes a To tag for a proved dialog, its hops unknown. */
export function trustDialog(): Policy {
  const side = { identity: '', uri: '', organisation: '', hop: 's127.0.41.50' }
  return {
    name: 'trust-dialog',
    decide({ claimsDialog, remarks }) {
      if (claimsDialog) remarks.dialog ??= { sender: side, other: side, isCaller: true, proved: true }
      return { kind: 'pass' }
    },
  }
}

export function proxyBench(given: ProxyOptions = {}): ProxyBench {
  const clock = new FakeClock()
  const wheel = new TimerWheel(clock)
  const transport = new FakeTransport()
  const options: ProxyOptions = { ...given, ...given.make?.({ transport }) }
  const health = new TargetHealth(clock)
  const told: string[] = []
  const errors: unknown[] = []
  const hosts: Readonly<Record<string, readonly number[]>> = { 'callee.lab.test': [7001], ...options.hosts }
  const byRule: Policy = {
    name: 'test',
    decide: (arrival) => options.decide?.(arrival.request) ?? route(arrival.uri.text),
  }
  const names = Object.keys(options.faces ?? { internal: {} })
  const proxy = createProxy({
    clock,
    wheel,
    timers: defaultTimers,
    limits: { ...defaultTransactionLimits, ...options.limits },
    transport,
    health,
    locate: ({ host }, face) => hopsOf(hosts, host, face, options.transport ?? 'tls'),
    faces: Object.fromEntries(
      names.map((name) => {
        const face: FaceSettings = {
          name: `${name}.lab.test`,
          recordRouteName: `${name}.lab.test`,
          ports: { tls: 5061, udp: 5060, tcp: 5060 },
          alsoKnownAs: [],
          ...options.faces?.[name],
        }
        return [name, { ...face, admit: options.admit ?? [], target: options.target ?? [byRule] }]
      }),
    ),
    forward: { ...defaultForward, ...options.forward },
    dialsBack: () => true,
    optionTags: ['ms-benotify'],
    diagnostics: (because) => [['ms-diagnostics', `1;reason="${because}"`]],
    on: {
      answered: (_, status, because) => void told.push(`${status} ${because ?? 'passed'}`),
      dropped: (_message, _flow, because) => void told.push(`dropped ${because}`),
      failed: (_, error) => void errors.push(error),
    },
    ...options.settings,
  })
  const caller = transport.accept({ transport: options.transport ?? 'tls', face: names[0] ?? 'internal' })
  return {
    clock,
    wheel,
    transport,
    health,
    proxy,
    caller,
    told,
    errors,
    async arrive(request, flow = caller) {
      proxy.transactions.onRequest(request, flow)
      await settle()
    },
    answer(flow, status, headers = []) {
      proxy.transactions.onResponse(
        responseTo(flow.request(lastRequest(flow)), status, headers, `b${flow.remote.port}`),
        flow,
      )
    },
    to(port) {
      const found = [...transport.flows.values()].findLast((flow) => flow.remote.port === port)
      if (found === undefined)
        throw new RangeError(
          `no flow to port ${port}; there are ` +
            `${[...transport.flows.values()].map((flow) => flow.remote.port).join(', ')}`,
        )
      return found
    },
  }
}

/** Lets chained promises run; no timer is involved. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined
}

function hopsOf(
  hosts: Readonly<Record<string, readonly number[]>>,
  host: string,
  face: string,
  transport: 'udp' | 'tls',
): readonly NextHop[] {
  const ports = hosts[host]
  if (ports === undefined) throw Object.assign(new Error(`no address for ${host}`), { code: 'dns.not-found' })
  return ports.map((port) => ({
    transport,
    address: '127.0.41.50',
    port,
    verifyName: transport === 'tls' ? host : undefined,
    face,
    host,
  }))
}

/** Index of the last request that is no CANCEL or ACK. */
function lastRequest(flow: FakeFlow): number {
  const index = flow.lines.findLastIndex((line) => !/^(SIP|ACK|CANCEL)/.test(line))
  if (index === -1) throw new RangeError(`no request went out: ${flow.lines.join(' | ')}`)
  return index
}

/**
 * A SIP server of a few lines: transport, transactions and proxy core of this stack, joined around the policies that
 * the caller gives.
 */
import { X509Certificate } from 'node:crypto'
import { peerJudge } from '../roles/peers.ts'
import { type Clock, systemClock } from '../sip/clock.ts'
import { type Arrival, pass, type Policy, refuse } from '../sip/routing/decision.ts'
import { FlowTokens } from '../sip/routing/flow-token.ts'
import { flowToken } from '../sip/routing/policies/flow-token.ts'
import { followRoute } from '../sip/routing/policies/follow-route.ts'
import { createProxy, type Proxy } from '../sip/routing/proxy.ts'
import { defaultForward, type Locate, type ProxyEvents } from '../sip/routing/settings.ts'
import { defaultTransactionLimits } from '../sip/transaction/settings.ts'
import { TimerWheel } from '../sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../sip/transaction/types.ts'
import { locate, locateTarget } from '../sip/transport/dial/locate.ts'
import { createResolver, type Resolver } from '../sip/transport/dial/resolver.ts'
import { TargetHealth } from '../sip/transport/dial/target-health.ts'
import type { Flow, FlowId, TransportName } from '../sip/transport/flow.ts'
import { createTransport } from '../sip/transport/transport.ts'
import type { Listener, Refusal, TlsMaterial, TransportLayer } from '../sip/transport/types.ts'
import { verdict } from '../verdicts/codes.ts'
import { bracketed } from '../sip/message/endpoint.ts'
import type { SipRequest, SipResponse } from '../sip/message/types.ts'

export interface ServerListener {
  readonly transport: TransportName
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  /** For tls and wss: `tlsMaterial({ certificate, key, ca })`. */
  readonly tls?: TlsMaterial
  /** Whether a peer must show a certificate; `off` when absent. */
  readonly mutual?: 'required' | 'requested' | 'off'
}

/** What a policy may ask of the server it is for. */
export interface ServerParts {
  readonly clock: Clock
  /** Whether that flow of this process is open: for `localTargets`. */
  readonly isOpen: (flow: FlowId) => boolean
}

export interface ServerSettings {
  /** Host name or address in Via and Record-Route: clients send the requests of a dialog to it. */
  readonly name: string
  /** Domains whose users are served here, lower case. */
  readonly domains: readonly string[]
  readonly listeners: readonly ServerListener[]
  /**
   * Asked in order for each request outside a dialog; the first answer that is not `pass` counts, and without one the
   * answer is 404. Requests of a dialog follow the route that this server wrote.
   */
  readonly policies: (parts: ServerParts) => readonly Policy[]
  /** Absent: the machine's clock. */
  readonly clock?: Clock
  /** Absent: the system's DNS. */
  readonly resolver?: Resolver
  /** What the proxy core does and refuses, for a log. */
  readonly on?: ProxyEvents
  readonly onFlowClosed?: (flow: Flow, because: string) => void
  /** A handshake or dial that failed; `code` is one of docs/verdicts.md. */
  readonly onRefused?: (refusal: Refusal) => void
}

export interface SipServer extends AsyncDisposable {
  /** In the order of the settings, with the real ports. */
  readonly listeners: readonly Listener[]
  readonly transport: TransportLayer
  readonly proxy: Proxy
  close(): Promise<void>
}

const face = 'main'

/**
 * Opens the listeners and serves until `close`. docs/library.md has a proxy with registrar in 20 lines.
 *
 * @throws Error with code `EADDRINUSE` and the like when a listener cannot be opened; nothing is open then
 */
export async function openServer(settings: ServerSettings): Promise<SipServer> {
  const { clock = systemClock } = settings
  const above: { proxy?: Proxy } = {}
  const transport = createTransport({
    clock,
    judge: peerJudge({
      faces: {},
      names: { wildcards: 'one-label' },
      nameRules: 'rfc5922',
      diagnose: (code) => verdict(code),
    }),
    user: {
      onRequest: (request, flow) => alone(settings, request, () => above.proxy?.transactions.onRequest(request, flow)),
      onResponse: (response, flow) =>
        alone(settings, response, () => above.proxy?.transactions.onResponse(response, flow)),
      onFlowOpened: () => undefined,
      onFlowClosed(flow, because) {
        above.proxy?.transactions.onFlowClosed(flow, because)
        settings.onFlowClosed?.(flow, because)
      },
      onRefused: (refusal) => settings.onRefused?.(refusal),
      onIncident: () => undefined,
    },
  })
  try {
    const listeners = await openListeners(transport, settings)
    const proxy = proxyOn(transport, settings, clock, listeners)
    above.proxy = proxy
    const close = async (): Promise<void> => {
      proxy.close()
      await transport.close()
    }
    return { listeners, transport, proxy, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await transport.close()
    throw error
  }
}

/** Whatever a message does to us, it ends no more than itself. */
function alone({ on }: ServerSettings, message: SipRequest | SipResponse, work: () => void): void {
  try {
    work()
  } catch (error) {
    on?.failed?.(message, error)
  }
}

async function openListeners(transport: TransportLayer, settings: ServerSettings): Promise<readonly Listener[]> {
  const listeners: Listener[] = []
  for (const { tls, mutual = 'off', ...place } of settings.listeners) {
    listeners.push(await transport.listen({ ...place, face, mutual, tls }))
    if (tls !== undefined) transport.setOutgoingTls(face, tls)
  }
  return listeners
}

function proxyOn(
  transport: TransportLayer,
  { name, domains, policies, resolver, on = {} }: ServerSettings,
  clock: Clock,
  listeners: readonly Listener[],
): Proxy {
  const tokens = new FlowTokens({ node: name, key: undefined, flow: (id) => transport.flow(id) })
  const parts = { clock, isOpen: (flow: FlowId): boolean => transport.flow(flow)?.open === true }
  return createProxy({
    clock,
    wheel: new TimerWheel(clock),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport,
    locate: locator(resolver ?? createResolver({ clock, servers: [] }), listeners),
    health: new TargetHealth(clock),
    faces: {
      [face]: {
        name,
        recordRouteName: name,
        ports: Object.fromEntries(listeners.map(({ settings, local }) => [settings.transport, local.port])),
        ownPorts: listeners.map(({ local }) => local.port),
        alsoKnownAs: listeners.map(({ local }) => bracketed(local.address)),
        admit: [recogniseDialog(tokens)],
        target: [flowToken(tokens), followRoute({ known: { hosts: new Set(), ports: new Set() } }), ...policies(parts)],
      },
    },
    forward: defaultForward,
    domains,
    optionTags: [],
    flowTokens: tokens,
    diagnostics: () => [],
    on,
  })
}

function locator(resolver: Resolver, listeners: readonly Listener[]): Locate {
  const supported = [...new Set(listeners.map(({ settings }) => settings.transport))]
  return (uri) =>
    locate(locateTarget(uri), resolver, { supported, face, nameRule: 'domain-first', random: Math.random })
}

/**
 * Reads the sealed record of a dialog from our Route value. One that was made for another dialog opens no way
 * (docs/decisions/0053).
 */
function recogniseDialog(tokens: FlowTokens): Policy {
  return {
    name: 'recognise-dialog',
    decide({ ownRoute, request, remarks }: Arrival) {
      const user = ownRoute?.uri.user
      if (user === undefined) return pass
      const ends = tokens.recognise(user, request)
      if (ends.kind === 'unsealed') return pass
      if (ends.kind !== 'dialog' || request.method === 'REGISTER' || request.method === 'PUBLISH')
        return refuse(403, 'route.token-forged')
      remarks.dialog = { sender: ends.sender, other: ends.other, isCaller: ends.isCaller, proved: false }
      return pass
    },
  }
}

export interface TlsFiles {
  /** PEM: the certificate, then its chain. */
  readonly certificate: string
  readonly key: string
  /** Roots that peers are verified by, PEM, one entry each; at least one. */
  readonly ca: readonly string[]
  /** Certificate revocation lists, PEM. Absent: revocation is not checked. */
  readonly crl?: readonly string[]
}

/** What a TLS listener needs, TLS 1.2 and 1.3. @throws Error when the certificate cannot be read */
export function tlsMaterial({ certificate, key, ca, crl }: TlsFiles): TlsMaterial {
  const own = new X509Certificate(certificate)
  return {
    certificate,
    key,
    ca,
    crl,
    own: {
      serial: own.serialNumber.toLowerCase(),
      fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: own.validToDate.getTime(),
    },
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
  }
}

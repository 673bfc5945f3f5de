/** How this node is named on the wire: which URIs mean it, and what it writes into Via and Record-Route. */
import { placeName } from '../message/fast/scanner.ts'
import type { SipUri } from '../message/types.ts'
import type { Branch } from '../transaction/types.ts'
import type { Flow, TransportName } from '../transport/flow.ts'
import type { FaceSettings } from './settings.ts'

interface Labels {
  /** `SIP/2.0/TLS fe1.lab.test:5061;branch=`. */
  readonly via: string
  /** `fe1.lab.test:5061;transport=tls;lr>`. */
  readonly recordRoute: string
}

interface NamedFace {
  readonly settings: FaceSettings
  /** By port; asked for each Via and Record-Route, so no key is put together (bench/forward.ts). */
  readonly labels: Readonly<Record<TransportName, Map<number, Labels>>>
}

export class OwnNames {
  private readonly faces: ReadonlyMap<string, NamedFace>
  private readonly hosts = new Set<string>()
  private readonly domains: ReadonlySet<string>
  private readonly ports = new Set<number>()

  /** @param domains see `ProxySettings.servedDomains` */
  constructor(faces: Readonly<Record<string, FaceSettings>>, domains: readonly string[] = []) {
    this.domains = new Set(domains)
    this.faces = new Map(
      Object.entries(faces).map(([name, settings]) => [
        name,
        { settings, labels: { udp: new Map(), tcp: new Map(), tls: new Map(), ws: new Map(), wss: new Map() } },
      ]),
    )
    for (const face of Object.values(faces)) {
      for (const host of [face.name, face.recordRouteName, ...face.alsoKnownAs]) this.hosts.add(placeName(host))
      for (const port of [...Object.values(face.ports), ...(face.ownPorts ?? [])]) this.ports.add(port)
    }
  }

  /** True when `uri` names this node: one of its hosts, at one of its ports or without a port. */
  has(uri: SipUri): boolean {
    return this.hosts.has(uri.host) && this.isOwnPort(uri.port)
  }

  /** The same for a Route value: phones are given the domain, and its SRV records lead here (RFC 3261 §16.4). */
  isOnRoute(uri: SipUri): boolean {
    return this.has(uri) || (this.domains.has(uri.host) && this.isOwnPort(uri.port))
  }

  private isOwnPort(port: number | undefined): boolean {
    return port === undefined || this.ports.has(port)
  }

  /** `SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bK…` (§16.6 step 8); over UDP with `rport` (RFC 3581). */
  via(flow: Flow, branch: Branch): string {
    const via = this.label(flow).via + branch
    return flow.transport === 'udp' ? via + ';rport' : via
  }

  /** `<sip:TOKEN@fe1.lab.test:5061;transport=tls;lr>` (§16.6 step 4). */
  recordRoute(flow: Flow, scheme: string, token: string | undefined): string {
    const { recordRoute } = this.label(flow)
    // A value that names a plain side must not say that it is secured: it would lead to no listener (RFC 5630 §5.1.2).
    const start = scheme === 'sips' && flow.secure ? '<sips:' : '<sip:'
    return token === undefined ? start + recordRoute : start + token + '@' + recordRoute
  }

  private label(flow: Flow): Labels {
    const { face, transport } = flow
    const named = this.faces.get(face)
    if (named === undefined)
      throw new RangeError(`flow ${flow.id} belongs to the face "${face}", which has no settings`)
    const { settings } = named
    const advertised = settings.ports[transport] ?? portAmongSeveral(settings, flow)
    if (advertised === undefined) return labelsOf(settings, transport, flow.local.port, listenerFor(settings, flow))
    const labels = named.labels[transport]
    const known = labels.get(advertised)
    if (known !== undefined) return known
    const made = labelsOf(settings, transport, advertised)
    labels.set(advertised, made)
    return made
  }
}

/** An accepted flow came by one of our ports; a dialled one has a port of its own without a listener. */
function portAmongSeveral(
  { ownPorts = [], serverPorts, dialledAs }: FaceSettings,
  { direction, transport, local }: Flow,
): number | undefined {
  if (direction === 'dialled') return serverPorts?.[transport]
  const port = dialledAs?.get(local.port) ?? local.port
  return ownPorts.includes(port) ? port : undefined
}

/**
 * A dialled flow of a transport that nothing listens for here has a port that ends with it: the peer comes back by
 * another one. undefined: there is nothing better than the port of the flow.
 */
function listenerFor({ ports, serverPorts }: FaceSettings, { direction }: Flow): Listening | undefined {
  if (direction !== 'dialled') return undefined
  for (const transport of ['tls', 'tcp', 'udp'] as const) {
    const port = ports[transport] ?? serverPorts?.[transport]
    if (port !== undefined && port !== 0) return { transport, port }
  }
  return undefined
}

interface Listening {
  readonly transport: TransportName
  readonly port: number
}

function labelsOf(
  { name, recordRouteName }: FaceSettings,
  transport: TransportName,
  port: number,
  back: Listening = { transport, port },
): Labels {
  return {
    via: `SIP/2.0/${transport.toUpperCase()} ${name}:${port};branch=`,
    recordRoute: `${recordRouteName}:${back.port};transport=${back.transport};lr>`,
  }
}

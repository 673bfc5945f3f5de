/** RFC 3261 §18.2.2, RFC 3263 §5: the way of a response whose flow is gone. */
import type { NextHop, TransportLayer } from '../transport/types.ts'
import { parseOwn } from '../message/parse.ts'
import type { Via } from '../message/types.ts'
import { parseUri } from '../message/uri.ts'
import { defaultPorts } from '../transport/dial/transport-choice.ts'
import type { Locate } from './settings.ts'

export interface ReturnPath {
  readonly transport: Pick<TransportLayer, 'existing' | 'connect'>
  readonly locate: Locate
  readonly face: string
}

/**
 * Dials the address the request came from, at the port its Via names; when that does not work, whatever the name in
 * sent-by leads to by DNS, in order. On TLS the certificate must carry that name. `lost` is told when nothing works:
 * the client's own timers settle it.
 *
 * @param text the response; its top Via is the one of the request, stamped
 */
export async function sendBack(path: ReturnPath, text: string, lost: (because: string) => void): Promise<void> {
  const via = parseOwn(text).topVia
  const near = hopBack(via, path.face)
  if (near !== undefined && (await delivers(path, near, text))) return
  const named = await hopsByName(path, via)
  for (const hop of named) if (await delivers(path, hop, text)) return
  lost(near === undefined && named.length === 0 ? 'flow.closed' : 'response.unreachable')
}

/** A refused or failed dial has been reported by the transport; here it means only: try the next. */
async function delivers({ transport }: ReturnPath, hop: NextHop, text: string): Promise<boolean> {
  if (transport.existing(hop)?.send(text) === true) return true
  return transport.connect(hop).then(
    (flow) => flow.send(text),
    () => false,
  )
}

/**
 * RFC 3263 §5: with a port the addresses of the name, without one its SRV records. Nothing when DNS knows nothing or
 * cannot be asked: the response then counts as lost.
 */
async function hopsByName({ locate, face }: ReturnPath, via: Via): Promise<readonly NextHop[]> {
  const transport = dialled(via)
  if (transport === undefined || isNumeric(via.host)) return []
  const port = via.port === undefined ? '' : `:${via.port}`
  try {
    return await locate(parseUri(`sip:${via.host}${port};transport=${transport}`), face)
  } catch {
    return []
  }
}

/** undefined: nothing listens there: WebSocket clients, and peers whose Via gives no port for their own end. */
function hopBack(via: Via, face: string): NextHop | undefined {
  const transport = dialled(via)
  if (transport === undefined) return undefined
  const address = via.received ?? via.host
  if (!isNumeric(address)) return undefined
  return {
    transport,
    address: bare(address),
    port: via.port ?? defaultPorts[transport],
    verifyName: transport === 'tls' ? nameOf(via) : undefined,
    face,
  }
}

function dialled(via: Via): 'udp' | 'tcp' | 'tls' | undefined {
  const transport = via.transport.toLowerCase()
  return transport === 'udp' || transport === 'tcp' || transport === 'tls' ? transport : undefined
}

function nameOf(via: Via): string | undefined {
  return isNumeric(via.host) ? undefined : via.host
}

function isNumeric(host: string): boolean {
  return host.startsWith('[') || host.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)
}

function bare(address: string): string {
  return address.startsWith('[') ? address.slice(1, -1) : address
}

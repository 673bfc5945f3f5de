/** RFC 3261 §18.2.2: the way of a response whose flow is gone. */
import type { Flow } from '../transport/flow.ts'
import type { NextHop, TransportLayer } from '../transport/types.ts'
import { parseOwn } from '../message/parse.ts'
import type { Via } from '../message/types.ts'
import { defaultPorts } from '../transport/dial/transport-choice.ts'

export interface ReturnPath {
  readonly transport: Pick<TransportLayer, 'existing' | 'connect'>
  /** The flow the request came on, closed now. */
  readonly flow: Pick<Flow, 'face' | 'remote' | 'notes'>
}

/**
 * Dials the address the request came from, at the port its Via names; on TLS the certificate must carry the name in
 * sent-by. No other address is dialled: sent-by is the sender's own word, and RFC 3263 §5 would let it choose whom this
 * server connects to. `lost` is called when that fails, and at once for every later response to this flow:
 * the client's own timers settle it.
 *
 * @param text the response; its top Via is the one of the request, stamped
 */
export async function sendBack(path: ReturnPath, text: string, lost: (because: string) => void): Promise<void> {
  const { transport, flow } = path
  const hop = hopBack(parseOwn(text).topVia, flow)
  if (hop === undefined) return lost('flow.closed')
  if (transport.existing(hop)?.send(text) === true) return
  if (flow.notes.has(unreachable)) return lost('response.unreachable')
  if (await dials(transport, hop, text)) return
  flow.notes.set(unreachable, true)
  lost('response.unreachable')
}

const unreachable = 'routing.return-path.unreachable'

/** A refused or failed dial has been reported by the transport. */
function dials(transport: ReturnPath['transport'], hop: NextHop, text: string): Promise<boolean> {
  return transport.connect(hop).then(
    (flow) => flow.send(text),
    () => false,
  )
}

/** undefined: nothing listens there: WebSocket clients, and peers whose Via gives no port for their own end. */
function hopBack(via: Via, { face, remote }: ReturnPath['flow']): NextHop | undefined {
  const transport = dialled(via)
  if (transport === undefined) return undefined
  return {
    transport,
    address: remote.address,
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

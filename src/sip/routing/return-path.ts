/** RFC 3261 §18.2.2, RFC 3263 §5: the way of a response whose flow is gone. */
import type { TransportName } from '../transport/flow.ts'
import type { NextHop, TransportLayer } from '../transport/types.ts'
import { parseText } from '../message/parse.ts'
import type { Via } from '../message/types.ts'

const defaultPorts: Readonly<Record<TransportName, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }

/**
 * Dials the address the request came from, at the port its Via names; the certificate must carry the name in sent-by.
 * `lost` is told when that does not work either: the client's own timers settle it.
 *
 * @param text the response; its top Via is the one of the request, stamped
 */
export function sendBack(transport: Pick<TransportLayer, 'existing' | 'connect'>, face: string, text: string, lost: (because: string) => void): void {
  const hop = hopBack(parseText(text).topVia, face)
  if (hop === undefined) return lost('flow.closed')
  const flow = transport.existing(hop)
  if (flow?.send(text) === true) return
  transport.connect(hop).then(
    (dialled) => {
      if (!dialled.send(text)) lost('flow.refused-message')
    },
    () => lost('response.unreachable'),
  )
}

/** undefined: nothing listens there: WebSocket clients, and peers whose Via gives no port for their own end. */
export function hopBack(via: Via, face: string): NextHop | undefined {
  const transport = via.transport.toLowerCase()
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') return undefined
  const address = via.received ?? via.host
  if (!isNumeric(address)) return undefined
  return { transport, address: bare(address), port: via.port ?? defaultPorts[transport], verifyName: transport === 'tls' ? nameOf(via) : undefined, face }
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

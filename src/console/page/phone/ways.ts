/** Where a phone of the page may sign in: the lab's own listeners for SIP over WebSocket, and no other. */
import type { PlanDocument } from '../documents.ts'

export interface WayIn {
  /** `wss://sip.lab.test:8443` */
  readonly address: string
  readonly from: 'inside' | 'outside'
  readonly host: string
  /** IP address of the listener. */
  readonly ip: string
  readonly port: number
  /** Node that listens there. */
  readonly node: string
  /** Which root a browser must trust. */
  readonly trust: string
}

export function waysIn({ phones, nodes }: PlanDocument, domain: string): readonly WayIn[] {
  return phones
    .filter((each) => each.transport === 'wss' && each.domain === domain)
    .map(({ from, host, address: ip = host, port, trust }) => ({
      address: `wss://${host}:${port}`,
      from,
      host,
      ip,
      port,
      node:
        nodes.find(({ listeners }) => listeners.some((each) => each.address === ip && each.port === port))?.name ?? '',
      trust: trust === 'public' ? 'public' : 'internal',
    }))
}

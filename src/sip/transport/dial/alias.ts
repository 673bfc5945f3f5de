/** Connection reuse in the other direction, where both ends want it (RFC 5923). */
import type { Flow } from '../flow.ts'
import { hopKey, type FlowTable } from '../flow-table.ts'

const defaultPort = 5061

/**
 * Lets new requests go out on a connection that a server opened and asked to share, `Via: SIP/2.0/TLS
 * fe1.lab.test:5061;alias`: the address it came from with its sent-by port becomes the hop (§8.1). Only names its
 * certificate proved are offered.
 */
export function offerAlias(flows: FlowTable, flow: Flow, sentBy: string): void {
  const { peer } = flow
  if (flow.direction !== 'accepted' || peer === undefined || peer.class === 'client') return
  const port = Number(/:(\d+)$/.exec(sentBy)?.[1] ?? defaultPort)
  for (const verifyName of peer.names) {
    const hop = {
      transport: flow.transport,
      address: flow.remote.address,
      port,
      verifyName,
      face: flow.face,
    }
    flows.offer(flow, hopKey(hop, flow.own?.fingerprint))
  }
}

/** A request in a dialog whose other end is recorded by a socket address. */
import t from 'tap'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import { followRoute } from '../../../src/sip/routing/policies/follow-route.ts'
import { arrival, requestText } from '../../support/arrival.ts'

const side = { identity: 'bob%40lab.test', uri: 'bob%40lab.test', organisation: '', hop: 'audp_127.0.41.51_5080' }
const gatewayPorts = new Set([5060, 5061])
const policy = followRoute({
  known: { hosts: new Set(), ports: new Set() },
  isServer: ({ host, port = 5060 }) => host === '127.0.41.51' && gatewayPorts.has(port),
})

/** The URI whose address the request is sent to. */
async function ledTo(uri: string): Promise<string | undefined> {
  const asked = arrival(requestText({ method: 'INFO', uri }))
  asked.remarks.dialog = { sender: side, other: side, isCaller: true, proved: true }
  const decision: Decision = await policy.decide(asked)
  const [target] = decision.kind === 'route' ? decision.targets : []
  return target?.nextHop ?? target?.uri
}

t.test('goes to the port in Contact, from which a phone on UDP may not send (RFC 3261 §18.1.1)', async (t) => {
  const contact = 'sip:bob@127.0.41.51:5070;transport=udp'
  t.equal(await ledTo(contact), contact)
})

t.test('never goes to a server on the machine of the phone', async (t) => {
  const recorded = 'sip:127.0.41.51:5080;transport=udp'
  for (const uri of ['sip:+49900@127.0.41.51:5060;transport=udp', 'sip:+49900@127.0.41.51', 'sip:x@127.0.41.51:5061'])
    t.equal(await ledTo(uri), recorded, uri)
})

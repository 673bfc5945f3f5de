/** One OPTIONS to a peer over this node's own transport: the first SIP answer that makes a link up. */
import { verdict } from '../certificates/verdict-codes.ts'
import type { Verdict } from '../certificates/verdict.ts'
import { composeRequest } from '../sip/message/compose.ts'
import { randomToken } from '../sip/message/random.ts'
import { parseUri } from '../sip/message/uri.ts'
import type { Proxy } from '../sip/routing/proxy.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { Flow } from '../sip/transport/flow.ts'
import { LocateError } from '../sip/transport/locate.ts'
import { DialError } from '../sip/transport/refusal.ts'
import type { TransportLayer } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { type Directory, diagnoseRefusal } from './diagnosis.ts'
import type { ProbeResult } from './links.ts'
import type { WatchedPeer } from './role.ts'

export interface ProbeOptions {
  readonly plan: NodePlan
  readonly who: Directory
  readonly proxy: Proxy
  readonly transport: TransportLayer
  readonly locate: Locate
}

export async function probe(options: ProbeOptions, peer: WatchedPeer): Promise<ProbeResult> {
  const uri = `sip:${peer.fqdn}:${peer.port};transport=tls`
  try {
    const [hop] = await options.locate(parseUri(uri), peer.face)
    if (hop === undefined) return failed(options, peer, 'dns.not-found', `${peer.fqdn} leads nowhere`)
    return await ask(options, peer, uri, await options.transport.connect(hop))
  } catch (error) {
    if (error instanceof DialError) return { kind: 'failed', verdict: diagnoseRefusal(options.plan, options.who, error.refusal) }
    if (error instanceof LocateError) return failed(options, peer, error.code === 'dns.not-found' ? 'dns.not-found' : 'dns.unreachable', error.message)
    throw error
  }
}

function ask(options: ProbeOptions, peer: WatchedPeer, uri: string, flow: Flow): Promise<ProbeResult> {
  const { proxy, plan } = options
  return new Promise((resolve) => {
    const transaction = proxy.transactions.client('OPTIONS', '', {
      onResponse: ({ status }) => (status < 200 ? undefined : resolve({ kind: 'answered', status })),
      onTimeout: () => resolve(failed(options, peer, 'link.timeout', 'no answer to OPTIONS')),
      onTransportError: (_transaction, because) => resolve(failed(options, peer, flow.confirmed ? 'link.reset' : 'tls.peer-refused', because)),
    })
    if (transaction === undefined) return resolve(failed(options, peer, 'route.next-hop-down', 'this node has as many transactions as it may'))
    const text = composeRequest({
      method: 'OPTIONS',
      uri,
      via: proxy.own.via(flow, transaction.branch),
      from: `<sip:${plan.fqdn}>;tag=${randomToken(8)}`,
      to: `<sip:${peer.fqdn}>`,
      callId: `${randomToken(12)}@${plan.fqdn}`,
      cseq: 1,
      maxForwards: 70,
      headers: [['Contact', `<sip:${plan.fqdn}:${portOf(plan, peer.face)};transport=tls>`], ['Accept', 'application/sdp'], ['User-Agent', 'siplab']],
      body: '',
    })
    transaction.send(text, flow)
  })
}

/** Where this node can be called back. */
function portOf({ listeners }: NodePlan, face: string): number {
  return listeners.find((listener) => listener.face === face && listener.transport === 'tls')?.port ?? 5061
}

function failed({ plan, who }: ProbeOptions, peer: WatchedPeer, code: Parameters<typeof verdict>[0], found: string): { readonly kind: 'failed'; readonly verdict: Verdict } {
  return { kind: 'failed', verdict: verdict(code, { node: plan.name, link: `${plan.name}->${who.byName(peer.fqdn)}`, direction: 'outgoing', found }) }
}

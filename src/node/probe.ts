/**
 * One OPTIONS to a peer over this node's own transport: the first SIP answer that makes a link up. A connection that
 * turns out to be dead, or that this node closes itself to dial anew, is replaced by a new one, once; one on which two
 * in a row stay without an answer is closed, so that what waits on it fails now and not at its own timer (RFC 3261
 * §17.1.2.2 timer F).
 */
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Clock } from '../sip/clock.ts'
import { composeRequest } from '../sip/message/compose.ts'
import { randomToken } from '../sip/message/random.ts'
import { parseUri } from '../sip/message/uri.ts'
import type { Proxy } from '../sip/routing/proxy.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { Flow } from '../sip/transport/flow.ts'
import { LocateError } from '../sip/transport/dial/locate.ts'
import { DialError } from '../sip/transport/refusal.ts'
import type { TransportLayer } from '../sip/transport/types.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { type Directory, diagnoseRefusal } from './diagnosis.ts'
import { type ProbeResult, redialled } from './links.ts'
import type { WatchedPeer } from '../roles/role.ts'

/** A server that does not answer OPTIONS in this time is no use to anybody's call. */
const answerMs = 5_000
/** In the notes of a flow: the last OPTIONS on it had no answer. */
const unanswered = 'probe.unanswered'

export interface ProbeOptions {
  readonly clock: Clock
  readonly plan: NodePlan
  readonly who: Directory
  readonly proxy: Proxy
  readonly transport: Pick<TransportLayer, 'existing' | 'connect'>
  readonly locate: Locate
}

export async function probe(options: ProbeOptions, peer: WatchedPeer): Promise<ProbeResult> {
  const uri = `sip:${peer.fqdn}:${peer.port};transport=tls`
  try {
    const [hop] = await options.locate(parseUri(uri), peer.face, peer.identity)
    if (hop === undefined) return failed(options, peer, 'dns.not-found', `${peer.fqdn} leads nowhere`)
    const existing = options.transport.existing(hop)
    const result = await ask(options, peer, uri, existing ?? (await options.transport.connect(hop)))
    if (result.kind === 'answered' || !(isOfOurs(result.verdict) || isOfOld(existing, result.verdict))) return result
    return await ask(options, peer, uri, await options.transport.connect(hop))
  } catch (error) {
    if (error instanceof DialError)
      return { kind: 'failed', verdict: diagnoseRefusal(options.plan, options.who, error.refusal) }
    if (error instanceof LocateError)
      return failed(options, peer, error.code === 'dns.not-found' ? 'dns.not-found' : 'dns.unreachable', error.message)
    throw error
  }
}

/** Somebody had the connection dialled anew meanwhile: that is no word of the peer. */
function isOfOurs({ found }: Verdict): boolean {
  return found === redialled
}

/** The connection was there before and may have died unseen. */
function isOfOld(existing: Flow | undefined, { code }: Verdict): boolean {
  return existing?.open === false && code !== 'link.timeout'
}

function ask(options: ProbeOptions, peer: WatchedPeer, uri: string, flow: Flow): Promise<ProbeResult> {
  const { proxy, clock } = options
  return new Promise((resolve) => {
    const end = (result: ProbeResult): void => {
      timer.cancel()
      resolve(result)
    }
    const transaction = proxy.transactions.client('OPTIONS', '', {
      onResponse({ status }) {
        if (status < 200) return
        flow.notes.delete(unanswered)
        end({ kind: 'answered', status })
      },
      onTimeout: () => end(failed(options, peer, 'link.timeout', 'no answer to OPTIONS')),
      onTransportError: (_transaction, because) =>
        end(failed(options, peer, flow.confirmed ? 'link.reset' : 'tls.peer-refused', because)),
    })
    const timer = clock.after(answerMs, () => {
      transaction?.abandon()
      end(failed(options, peer, 'link.timeout', `no answer to OPTIONS within ${answerMs / 1000} s`))
      if (flow.notes.has(unanswered)) flow.close('link.timeout')
      flow.notes.set(unanswered, true)
    })
    if (transaction === undefined)
      return end(failed(options, peer, 'route.next-hop-down', 'this node has as many transactions as it may'))
    transaction.send(optionsText(options, peer, uri, proxy.own.via(flow, transaction.branch)), flow)
  })
}

function optionsText({ plan }: ProbeOptions, peer: WatchedPeer, uri: string, via: string): string {
  return composeRequest({
    method: 'OPTIONS',
    uri,
    via,
    from: `<sip:${plan.fqdn}>;tag=${randomToken(8)}`,
    to: `<sip:${peer.fqdn}>`,
    callId: `${randomToken(12)}@${plan.fqdn}`,
    cseq: 1,
    maxForwards: 70,
    headers: [
      ['Contact', `<sip:${plan.fqdn}:${portOf(plan, peer.face)};transport=tls>`],
      ['Accept', 'application/sdp'],
      ['User-Agent', 'siplab'],
    ],
    body: '',
  })
}

/** Where this node can be called back. */
function portOf({ listeners }: NodePlan, face: string): number {
  return listeners.find((listener) => listener.face === face && listener.transport === 'tls')?.port ?? 5061
}

function failed(
  { plan, who }: ProbeOptions,
  peer: WatchedPeer,
  code: Parameters<typeof verdict>[0],
  found: string,
): { readonly kind: 'failed'; readonly verdict: Verdict } {
  return {
    kind: 'failed',
    verdict: verdict(code, {
      node: plan.name,
      link: `${plan.name}->${who.byName(peer.fqdn)}`,
      direction: 'outgoing',
      found,
    }),
  }
}

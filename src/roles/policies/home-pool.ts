/** Where a user of our domains is at home, and how the request gets there. */
import type { SipUri } from '../../sip/message/types.ts'
import { addressOfRecord, parseUri } from '../../sip/message/uri.ts'
import { notEnabled, refusalOf } from '../../services/refusals.ts'
import { recovering, andThen } from '../../services/maybe-promise.ts'
import { type Arrival, type Decision, pass, type Policy, refuse, type Refused } from '../../sip/routing/decision.ts'
import { inScheme } from '../../sip/routing/secured.ts'
import { targetVia } from './next-hop.ts'

/** The facts of an account that routing needs. */
interface Home {
  readonly homePool: string
  readonly remote: boolean
  readonly enabled: boolean
}

interface HomeDirectory {
  account(aor: string): Home | undefined | Promise<Home | undefined>
}

export interface HomePoolOptions {
  readonly directory: HomeDirectory
  /** FQDN of this server. */
  readonly self: string
  readonly domains: readonly string[]
  /** Users at home here are none of this policy's business; a director has no home. */
  readonly ownHome: string | undefined
  readonly securePort: number
  readonly plainPort: number
  /**
   * How a request goes on to a home. `tls` where this server has a certificate: over TCP the home cannot know this
   * server, and would challenge a user whose credentials this server has checked and removed.
   */
  readonly between: 'tls' | 'tcp'
  /**
   * REGISTER of inside users is answered 301 with the home pool (topology-facts §1.1); everything else, and everybody
   * from outside, is passed on.
   */
  readonly redirectInside: boolean
  /** The law on a request to a home: it is asked before a redirection too, which goes nowhere. */
  readonly forbids: (arrival: Arrival) => Refused | undefined
}

/**
 * A user may be unknown (404, 4005), without the right to come from outside (403, 4003), or at home in another pool.
 */
export function homePool(options: HomePoolOptions): Policy {
  const domains = new Set(options.domains)
  return {
    name: 'home-pool',
    decide(arrival) {
      const registers = arrival.request.method === 'REGISTER'
      // RFC 3261 §10.3 step 1: a REGISTER for another domain is none of ours, whatever To says.
      if (registers && !domains.has(arrival.uri.host)) return pass
      const subject = registers ? arrival.request.toUri : (ofSender(arrival) ?? arrival.uri)
      if (!domains.has(subject.host) || subject.user === undefined) return pass
      return recovering(
        () =>
          andThen(options.directory.account(addressOfRecord(subject)), (account) =>
            byAccount(arrival, account, registers),
          ),
        (error) => refusalOf(error, options.self),
      )
    },
  }

  function byAccount(arrival: Arrival, account: Home | undefined, registers: boolean): Decision {
    if (account === undefined || !account.enabled)
      return refuse(404, 'route.unknown-user', registers ? [notEnabled(options.self)] : [])
    if (registers && arrival.remarks.remote && !account.remote) return refuse(403, 'remote.user-not-enabled')
    if (account.homePool === options.ownHome) return pass
    if (registers && options.redirectInside && !arrival.remarks.remote)
      return options.forbids(arrival) ?? redirect(arrival, account.homePool, options)
    return {
      kind: 'route',
      targets: [targetVia(arrival.request.requestUri, nextHop(arrival, account.homePool), 'home')],
      because: 'home-pool',
    }
  }

  function nextHop({ uri }: Arrival, home: string): string {
    return homeUri(options.between === 'tls' || uri.scheme === 'sips', home, options)
  }
}

/** A search is addressed to the domain alone: the sender's own home answers it. */
function ofSender({ request, uri, remarks }: Arrival): SipUri | undefined {
  if (request.method !== 'SERVICE' || uri.user !== undefined || remarks.identity === undefined) return undefined
  return parseUri(remarks.identity)
}

/** 301, not 302: a Communicator ignores any other code (communicator-wire §4). */
function redirect(arrival: Arrival, home: string, options: HomePoolOptions): Decision {
  // Over the kind of transport the request came by: who speaks TLS to us shall not be sent on in the clear.
  const uri = homeUri(arrival.flow.secure || arrival.uri.scheme === 'sips', home, options)
  return { kind: 'answer', status: 301, headers: [['Contact', `<${inScheme(arrival.uri.scheme, uri)}>`]] }
}

function homeUri(secure: boolean, home: string, { securePort, plainPort }: HomePoolOptions): string {
  return secure ? `sip:${home}:${securePort};transport=tls` : `sip:${home}:${plainPort};transport=tcp`
}

/** Where a user of our domains is at home, and how the request gets there. */
import { addressOfRecord } from '../../sip/message/uri.ts'
import { refusalOf } from '../../services/refusals.ts'
import { recovering, soon } from '../../services/soon.ts'
import { type Arrival, type Decision, pass, type Policy, refuse, type Refused } from '../../sip/routing/decision.ts'
import { secureText } from '../../sip/routing/secured.ts'
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
      // RFC 3261 §10.3 step 1: a REGISTER for another domain is none of ours, whoever stands in To.
      if (registers && !domains.has(arrival.uri.host)) return pass
      const subject = registers ? arrival.request.toUri : arrival.uri
      if (!domains.has(subject.host) || subject.user === undefined) return pass
      return recovering(
        () =>
          soon(options.directory.account(addressOfRecord(subject)), (account) =>
            byAccount(arrival, account, registers),
          ),
        (error) => refusalOf(error, options.self),
      )
    },
  }

  function byAccount(arrival: Arrival, account: Home | undefined, registers: boolean): Decision {
    if (account === undefined || !account.enabled) return refuse(404, 'route.unknown-user')
    if (registers && arrival.remarks.remote && !account.remote) return refuse(403, 'remote.user-not-enabled')
    if (account.homePool === options.ownHome) return pass
    if (registers && options.redirectInside && !arrival.remarks.remote)
      return options.forbids(arrival) ?? redirect(arrival, account.homePool, options)
    return {
      kind: 'route',
      targets: [targetVia(arrival.request.requestUri, homeUri(arrival, account.homePool, options), 'home')],
      because: 'home-pool',
    }
  }
}

/** 301, not 302: a Communicator ignores any other code (communicator-wire §4). */
function redirect(arrival: Arrival, home: string, options: HomePoolOptions): Decision {
  const uri = homeUri(arrival, home, options)
  const contact = arrival.uri.scheme === 'sips' ? secureText(uri) : uri
  return { kind: 'answer', status: 301, headers: [['Contact', `<${contact}>`]] }
}

/** Over the kind of transport the request came by: who speaks TLS to us shall not be sent on in the clear. */
function homeUri({ flow, uri }: Arrival, home: string, { securePort, plainPort }: HomePoolOptions): string {
  return flow.secure || uri.scheme === 'sips'
    ? `sip:${home}:${securePort};transport=tls`
    : `sip:${home}:${plainPort};transport=tcp`
}

/**
 * Static routes: a pattern for the Request-URI and the next hop for what fits it (LCS `MatchURI`); the longest pattern
 * that fits counts.
 */
import type { SipUri } from '../../message/types.ts'
import { parseUri, unescape, uriText } from '../../message/uri.ts'
import { pass, refuse, type Policy } from '../decision.ts'

export interface StaticRoute {
  /**
   * `*@lab.test`, `*@*.lab.test`, `alice@lab.test`, `tel:+49*` or `+49*` (a telephone number: `tel:` or `user=phone`),
   * or `*` for everything.
   */
  readonly match: string
  /** e.g. `sip:gateway.lab.test:5061;transport=tls`. */
  readonly nextHop: string
  /** New host of the Request-URI; undefined keeps it. */
  readonly replaceHost?: string
  readonly face?: string
  /** See `Target.identity`. */
  readonly identity?: string | undefined
  /** Rules for telephone numbers, the first that fits counts: `{ pattern: /^0([1-9]\d+)$/, replacement: '+49$1' }`. */
  readonly normalise?: readonly { readonly pattern: RegExp; readonly replacement: string }[]
}

/** What a home knows of telephone numbers before it chooses a route. */
export interface DialPlan {
  /** Applied to what was dialled; routes are chosen by the result. */
  readonly normalise: NonNullable<StaticRoute['normalise']>
  /** Whether a caller, `sip:alice@lab.test`, may call a number. Absent: everyone may. */
  readonly mayCall?: (caller: string | undefined, number: string) => boolean
}

export function staticRoutes(routes: readonly StaticRoute[], plan: DialPlan = { normalise: [] }): Policy {
  const longestFirst = [...routes].sort((a, b) => b.match.length - a.match.length)
  return {
    name: 'static-routes',
    decide({ uri: dialled, remarks }) {
      const uri = planned(dialled, plan)
      const route = longestFirst.find(({ match }) => fits(match.toLowerCase(), uri))
      if (route === undefined) return pass
      if (isDialled(uri) && plan.mayCall?.(remarks.identity, digits(uri)) === false)
        return refuse(403, 'route.number-not-allowed', notAllowed)
      const target = {
        uri: rewritten(uri, route),
        flow: undefined,
        routes: [],
        nextHop: route.nextHop,
        q: 1000,
        face: route.face,
        identity: route.identity,
        by: 'static-route' as const,
        aor: `sip:${parseUri(route.nextHop).host}`,
        organisation: parseUri(route.nextHop).host,
      }
      return { kind: 'route', targets: [target], because: `static-route ${route.match}` }
    },
  }
}

/** The URI with the number that the dial plan makes of it. */
function planned(uri: SipUri, { normalise }: DialPlan): SipUri {
  const number = isTelephone(uri) && normalise.length > 0 ? normalised(uri, normalise) : undefined
  return number === undefined ? uri : parseUri(withNumber(uri, number))
}

/** RFC 3261 §20.43. */
const notAllowed = [['Warning', '399 siplab "the voice policy of the caller does not allow this number"']] as const

function fits(pattern: string, uri: SipUri): boolean {
  if (pattern === '*') return true
  const at = pattern.indexOf('@')
  if (at === -1) return isTelephone(uri) && fitsPart(pattern.replace(/^tel:/, ''), digits(uri))
  return fitsPart(pattern.slice(0, at), (uri.user ?? '').toLowerCase()) && fitsHost(pattern.slice(at + 1), uri.host)
}

/** One `*` at the end stands for any rest. */
function fitsPart(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text
}

/** `*.lab.test` fits every host below it, not the domain itself. */
function fitsHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : pattern === host
}

function isTelephone(uri: SipUri): boolean {
  return uri.scheme === 'tel' || uri.parameters.get('user')?.toLowerCase() === 'phone'
}

/** A gateway dials the digits in a user part also where no `user=phone` says that they are a number. */
function isDialled(uri: SipUri): boolean {
  return isTelephone(uri) || /^\+?[0-9*#]+$/.test(digits(uri))
}

/** Visual separators do not count (RFC 3966 §5.1.1), nor does a password. */
function digits(uri: SipUri): string {
  return unescape(uri.user ?? '')
    .split(':', 1)
    .join('')
    .split(';', 1)
    .join('')
    .replace(/[-.()]/g, '')
    .toLowerCase()
}

function rewritten(uri: SipUri, { replaceHost, normalise = [] }: StaticRoute): string {
  const number = isTelephone(uri) ? normalised(uri, normalise) : undefined
  if (replaceHost === undefined) return number === undefined ? uri.text : withNumber(uri, number)
  if (uri.scheme === 'tel') return number === undefined ? uri.text : `tel:${number}`
  return withUser(uri, number ?? uri.user, replaceHost)
}

function withNumber(uri: SipUri, number: string): string {
  return uri.scheme === 'tel' ? `tel:${number}` : withUser(uri, number, undefined)
}

function withUser(uri: SipUri, name: string | undefined, replaceHost: string | undefined): string {
  const port = replaceHost === undefined && uri.port !== undefined ? `:${uri.port}` : ''
  return uriText({ ...uri, user: name }, `${replaceHost ?? uri.host}${port}`)
}

/** Longer is no number of the world (E.164 has 15 digits, dial prefixes aside), and no pattern is tried on it. */
const longestNumber = 40

/** undefined: no rule fits, the number goes as it is. */
function normalised(uri: SipUri, rules: NonNullable<StaticRoute['normalise']>): string | undefined {
  const number = digits(uri)
  if (number.length > longestNumber) return undefined
  const rule = rules.find(({ pattern }) => pattern.test(number))
  return rule === undefined ? undefined : number.replace(rule.pattern, rule.replacement)
}

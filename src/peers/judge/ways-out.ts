/** What an administrator can do about a link that breaks or warns, as vendors and CAs recommend it. */
import type { Mark, Period } from '../policy.ts'
import { lastIssueOfAnyCa, longestLifetime } from '../programmes/authorities.ts'
import type { Check } from './check.ts'
import type { LinkAnswer } from './link.ts'
import type { Presented } from './presented.ts'

export interface WayOut {
  readonly way: string
  /** Where it ends, or what it needs. */
  readonly limits: string
  readonly mark: Mark
  /** `no`: the facts on file exclude it at this peer. */
  readonly works: 'yes' | 'no' | 'ask'
}

/**
 * The ways out of everything that breaks or warns in an answer, without repetition.
 *
 * @param today `2026-11-30`: what can still be bought is a question of today, not of the day that is judged
 */
export function waysOut(answer: LinkAnswer, chain: Presented, today: string): readonly WayOut[] {
  const { period } = answer
  if (period === undefined) return []
  const checks = answer.directions.flatMap((each) => [...each.checks, ...each.mirror.checks])
  const troubled = checks.filter(({ outcome }) => outcome === 'breaks' || outcome === 'warns')
  const ways = troubled.flatMap((check) => waysFor(check, period, chain, { on: answer.on, today }))
  return ways.filter(({ way }, index) => ways.findIndex((each) => each.way === way) === index)
}

interface Days {
  readonly on: string
  readonly today: string
}

function waysFor(check: Check, period: Period, chain: Presented, days: Days): readonly WayOut[] {
  switch (check.about) {
    case 'client-purpose':
      return clientWays(period, chain, days)
    case 'peer-client-purpose':
      return [
        {
          way: 'switch off the purpose check of the caller for this peer, and compare its name and root instead',
          limits: 'the stack must have such a switch (AudioCodes from 7.4.600); OpenSSL needs a change in the program',
          mark: 'G',
          works: 'yes',
        },
      ]
    case 'peer-roots':
      return [{ way: `add the roots that the peer shows to our trust list`, limits: 'none', mark: 'V', works: 'yes' }]
    case 'dates':
      return dateWays(check, days.on)
    case 'root':
      return rootWays(check)
    case 'chain':
      return [{ way: 'send the issuing CA with our certificate', limits: 'none', mark: 'V', works: 'yes' }]
    case 'name':
      return [{ way: 'get a certificate with the FQDN of the SBC as SAN', limits: 'none', mark: 'V', works: 'yes' }]
    case 'key':
      return [{ way: 'get a certificate with an RSA key', limits: 'none', mark: 'V', works: 'yes' }]
    case 'server-purpose':
      return [
        { way: 'get a certificate with serverAuth', limits: 'every public CA writes it', mark: 'V', works: 'yes' },
      ]
    default:
      return []
  }
}

function clientWays(period: Period, { authority }: Presented, { on, today }: Days): readonly WayOut[] {
  const lastIssue = authority?.lastIssue ?? lastIssueOfAnyCa
  const ends = lastExpiry(lastIssue, authority?.maxDays)
  const asks = period.clientCertificate.value
  const privateCa = { refused: 'no', accepted: 'yes', unknown: 'ask' } as const
  return [
    {
      way: 'show a certificate of a private CA where we dial, and the public one where we are dialled',
      limits: 'the peer must trust the private root, and our stack must hold two identities',
      mark: 'V',
      works: privateCa[period.privateCa.value],
    },
    {
      way: 'send no client certificate',
      limits: 'only where the peer asks for one and does not demand it',
      mark: 'V',
      works: asks === 'required' ? 'no' : asks === 'unknown' ? 'ask' : 'yes',
    },
    {
      way: `renew early with both purposes at ${authority?.title ?? 'a public CA'}`,
      limits: `until ${lastIssue}; the certificate then ends by ${ends}`,
      mark: authority?.lastIssue === undefined ? 'I' : authority.mark,
      works: today <= lastIssue && on < ends ? 'yes' : 'no',
    },
    {
      way: 'get a client-only certificate from the client hierarchy of a CA',
      limits: 'the peer must trust that root for clients, and the certificate must carry our host name',
      mark: 'G',
      works: 'ask',
    },
    {
      way: 'get a certificate of the X9 Financial PKI',
      limits: 'in no list of an operating system; no SIP peer on file accepts it',
      mark: 'I',
      works: 'no',
    },
  ]
}

function rootWays({ ending }: Check): readonly WayOut[] {
  if (ending === 'distrust-of-new')
    return [
      {
        way: 'renew under another root before our certificate ends',
        limits: 'the certificate of today runs on; only its renewal is refused',
        mark: 'V',
        works: 'yes',
      },
    ]
  if (ending === 'removal')
    return [
      {
        way: 'get a certificate under a root that the peer still holds, or serve a cross certificate to one',
        limits: 'no certificate under the removed root helps, however new',
        mark: 'V',
        works: 'yes',
      },
    ]
  return [
    {
      way: 'get the certificate from a public CA that the peer accepts',
      limits: 'the list of the peer decides',
      mark: 'V',
      works: 'yes',
    },
  ]
}

function dateWays({ ending }: Check, on: string): readonly WayOut[] {
  return ending === 'expiry'
    ? [{ way: 'renew before that day, and reload the server', limits: lifetimeLimit(on), mark: 'V', works: 'yes' }]
    : [{ way: 'compare the clocks of both ends', limits: 'none', mark: 'V', works: 'yes' }]
}

function lifetimeLimit(on: string): string {
  const days = longestLifetime(on)
  return days === undefined ? 'none' : `a public certificate issued on that day runs ${days} days at most`
}

function lastExpiry(lastIssue: string, maxDays = 9999): string {
  const days = Math.min(longestLifetime(lastIssue) ?? 398, maxDays)
  return new Date(Date.parse(lastIssue) + days * 86_400_000).toISOString().slice(0, 10)
}

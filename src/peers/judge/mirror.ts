/** The mirror: whether our own server and client accept the certificates of the peer. */
import type { Certificate } from '../../certificates/examine/index.ts'
import { publicRoots } from '../programmes/roots.ts'
import { type Check, demandOf } from './check.ts'
import { shortName, type Situation } from './chain-checks.ts'

/** What is known of our own end; what is not said is judged by the strict answer. */
export interface OurEnd {
  /** Whether our server refuses a caller whose certificate lacks clientAuth: OpenSSL, Node, Go, rustls, .NET do. */
  readonly checksCaller?: 'yes' | 'no'
  /** Our trust list. Absent: nothing is said about it. */
  readonly roots?: readonly Certificate[]
}

/** Our server, where the peer dials us and shows a client certificate. */
export function callerChecks(situation: Situation, us: OurEnd): readonly Check[] {
  const { period, policy } = situation
  const about = 'peer-client-purpose'
  if (us.checksCaller === 'no')
    return [
      { about, outcome: 'holds', sentence: 'our server does not check the purpose of the caller' },
      ...roots(period, us),
    ]
  if (period.showsClientCertificate.value === 'no')
    return [
      {
        about,
        outcome: 'warns',
        sentence: `${policy.title} shows no client certificate: our server must not demand one`,
        demand: demandOf(period.showsClientCertificate, period),
      },
    ]
  return [callerPurpose(situation), ...roots(period, us)]
}

function callerPurpose({ period, policy }: Situation): Check {
  const about = 'peer-client-purpose'
  const { value } = period.shows
  const demand = demandOf(period.shows, period)
  if (value === 'unknown')
    return {
      about,
      outcome: 'unknown',
      sentence: `whether the certificate of ${policy.title} carries clientAuth is not known`,
      question: 'Which extended key usages does the certificate carry that you show as a client?',
    }
  if (value === 'either')
    return { about, outcome: 'warns', sentence: 'the peer shows certificates with and without clientAuth', demand }
  if (value.includes('clientAuth'))
    return { about, outcome: 'holds', sentence: 'the certificate of the peer carries clientAuth', demand }
  return {
    about,
    outcome: 'breaks',
    code: 'cert.eku-missing',
    sentence:
      'the client certificate of the peer carries serverAuth only: a server that checks the purpose of the caller ' +
      'refuses it',
    demand,
  }
}

/** Our client, where we dial the peer. */
export function serverChecks({ period, policy }: Situation, us: OurEnd): readonly Check[] {
  const { value } = period.shows
  const demand = demandOf(period.shows, period)
  const purpose: Check =
    value === 'unknown'
      ? {
          about: 'peer-server-purpose',
          outcome: 'holds',
          sentence: `${policy.title} is a server: its certificate is taken to carry serverAuth`,
        }
      : {
          about: 'peer-server-purpose',
          outcome: 'holds',
          sentence: 'the certificate of the peer carries serverAuth',
          demand,
        }
  return [purpose, ...roots(period, us)]
}

function roots(period: Situation['period'], { roots: held }: OurEnd): readonly Check[] {
  const { value } = period.showsRoots
  if (value === 'unknown') return []
  const about = 'peer-roots'
  const demand = demandOf(period.showsRoots, period)
  const titles = value.map((id) => publicRoots.find((root) => root.id === id)?.commonName ?? id)
  if (held === undefined)
    return [{ about, outcome: 'holds', sentence: `our trust list must hold ${titles.join(', ')}`, demand }]
  const names = held.map(shortName)
  const missing = titles.filter((title) => !names.includes(title))
  if (missing.length === 0)
    return [{ about, outcome: 'holds', sentence: 'our trust list holds every root that the peer shows', demand }]
  return [
    {
      about,
      outcome: missing.length === titles.length ? 'breaks' : 'warns',
      code: 'chain.untrusted-root',
      sentence: `our trust list lacks ${missing.join(', ')}`,
      demand,
    },
  ]
}

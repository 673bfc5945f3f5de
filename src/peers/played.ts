/** The rules of a peer on a day as a peer of the lab plays them: what is unknown is not enforced, and named. */
import { periodOn, type FactName, type PeerPolicy, type Period } from './policy.ts'

export interface PlayedRules {
  /** Whether the peer looks at our server certificate at all. */
  readonly verifiesServer: boolean
  readonly wantsServerAuth: boolean
  readonly clientCertificate: 'required' | 'requested' | 'not-asked'
  readonly wantsClientAuth: boolean
  readonly refusesPrivateCa: boolean
  readonly checksName: boolean
  readonly commonName: 'allowed' | 'ignored'
  readonly wildcards: 'refused' | 'one-label'
  readonly refusedSuffixes: readonly string[]
  /** Absent: every kind of key. */
  readonly keyTypes?: readonly ('rsa' | 'ec')[]
  readonly tlsMin?: 'TLSv1.2' | 'TLSv1.3'
  readonly tlsMax?: 'TLSv1.2' | 'TLSv1.3'
  readonly suites?: readonly string[]
  readonly shows: readonly ('serverAuth' | 'clientAuth')[]
  /** Rules that are not known, and therefore not enforced. */
  readonly notEnforced: readonly FactName[]
  /** Rules that are on file, and that a gateway of the lab cannot play: it trusts the roots of the lab alone. */
  readonly notPlayed: readonly FactName[]
}

/** Rules of a period that a gateway can play. */
const playable = [
  'verifiesServer',
  'serverAuth',
  'clientCertificate',
  'clientAuth',
  'privateCa',
  'checksName',
  'commonName',
  'wildcard',
  'tlsMin',
  'shows',
] as const satisfies readonly FactName[]

const unplayable = ['issuers', 'registeredDomain', 'groups', 'showsRoots'] as const satisfies readonly FactName[]

/** Absent: nothing is on file for that day. */
export function playedRules(policy: PeerPolicy, on: string): PlayedRules | undefined {
  const period = periodOn(policy, on)
  return period === undefined ? undefined : played(period)
}

function played(period: Period): PlayedRules {
  const known = <T>(value: T | 'unknown', otherwise: T): T => (value === 'unknown' ? otherwise : value)
  const { keyTypes, otherKeys, tlsMin, tlsMax, suites, shows: purposes } = period
  return {
    verifiesServer: known(period.verifiesServer.value, 'yes') === 'yes',
    wantsServerAuth: period.serverAuth.value === 'required',
    clientCertificate: known(period.clientCertificate.value, 'requested'),
    wantsClientAuth: period.clientAuth.value === 'required',
    refusesPrivateCa: period.privateCa.value === 'refused',
    checksName: known(period.checksName.value, 'yes') === 'yes',
    commonName: period.commonName.value === 'ignored' ? 'ignored' : 'allowed',
    wildcards: period.wildcard.value === 'refused' ? 'refused' : 'one-label',
    refusedSuffixes: known(period.refusedSuffixes.value, []),
    ...(otherKeys.value === 'refused' && keyTypes.value !== 'unknown' ? { keyTypes: keyTypes.value } : {}),
    ...(tlsMin.value === 'unknown' ? {} : { tlsMin: tlsMin.value }),
    ...(tlsMax.value === 'unknown' ? {} : { tlsMax: tlsMax.value }),
    ...(suites.value === 'unknown' ? {} : { suites: suites.value }),
    shows: purposes.value === 'unknown' || purposes.value === 'either' ? ['serverAuth', 'clientAuth'] : purposes.value,
    notEnforced: playable.filter((name) => period[name].value === 'unknown'),
    notPlayed: unplayable.filter((name) => period[name].value !== 'unknown' && period[name].value !== 'none'),
  }
}

/** Names, key and purposes of our certificate, as the demands of a peer have them. */
import type { Certificate } from '../../certificates/examine/index.ts'
import { offeredNames } from '../../certificates/examine/names.ts'
import { ekuOid } from '../../certificates/examine/oids.ts'
import { keyText } from '../../certificates/examine/key-info.ts'
import type { Fact, PeerPolicy, Period } from '../policy.ts'
import { type Check, demandOf } from './check.ts'
import { shortName, type Situation } from './chain-checks.ts'
import type { Presented } from './presented.ts'

type Purpose = 'serverAuth' | 'clientAuth'

/**
 * Which certificate of a chain excludes a purpose: the leaf, or an issuer whose own list is narrower. Without the
 * extension every purpose is allowed (RFC 5280 §4.2.1.12); anyExtendedKeyUsage alone is not enough for OpenSSL.
 */
function excludes({ leaf, intermediates }: Pick<Presented, 'leaf' | 'intermediates'>, purpose: Purpose) {
  return [leaf, ...intermediates].find(
    ({ extendedKeyUsage: held }) => held !== undefined && !held.includes(ekuOid[purpose]),
  )
}

/** What the peer checks of our certificate where it dials us. */
export function serverPurposeCheck(chain: Presented, { policy, period }: Situation): Check {
  const fact = period.serverAuth
  if (fact.value === 'unknown')
    return {
      about: 'server-purpose',
      outcome: 'unknown',
      sentence: `whether ${policy.title} wants serverAuth in our certificate is not known`,
      question: 'Which extended key usages must the certificate of our SBC carry where you dial us?',
    }
  return purposeCheck('serverAuth', chain, policy, period)
}

/** What the peer checks of our certificate where we dial it. */
export function clientPurposeCheck(chain: Presented, { policy, period }: Situation): Check {
  const fact = period.clientAuth
  if (fact.value === 'unknown')
    return {
      about: 'client-purpose',
      outcome: 'unknown',
      sentence: `whether ${policy.title} wants clientAuth in our certificate is not known`,
      question: 'Do you refuse a client certificate whose extended key usage is serverAuth only?',
    }
  return purposeCheck('clientAuth', chain, policy, period)
}

function purposeCheck(purpose: Purpose, chain: Presented, policy: PeerPolicy, period: Period): Check {
  const about = purpose === 'serverAuth' ? 'server-purpose' : 'client-purpose'
  const fact = period[purpose]
  const narrow = excludes(chain, purpose)
  const demand = demandOf(fact, period)
  if (narrow === undefined)
    return { about, outcome: 'holds', sentence: `our certificate is good for ${purpose}`, demand }
  const found =
    narrow === chain.leaf ? `our certificate lacks ${purpose}` : `the issuer ${shortName(narrow)} excludes ${purpose}`
  if (fact.value === 'none')
    return { about, outcome: 'holds', sentence: `${found}; the peer does not look at it`, demand }
  if (fact.value === 'accepted')
    return {
      about,
      outcome: 'warns',
      sentence: `${found}; the peer accepts that${since(policy, period, purpose)}`,
      demand,
    }
  return {
    about,
    outcome: 'breaks',
    code: narrow === chain.leaf ? 'cert.eku-missing' : 'chain.eku-narrow',
    sentence: `${found}; the peer demands it`,
    demand,
  }
}

/** The first day of the rule itself, which may be older than the period: another rule may have begun that one. */
function since({ periods }: PeerPolicy, period: Period, purpose: Purpose): string {
  const others = periods.slice(0, periods.indexOf(period)).toReversed()
  const before = others.findIndex((each) => each[purpose].value !== period[purpose].value)
  const same = before < 0 ? others : others.slice(0, before)
  const from = (same.at(-1) ?? period).since
  return from === undefined ? '' : ` since ${from}`
}

/** Whether the peer wants a client certificate at all. */
export function clientCertificateCheck({ policy, period }: Situation): Check {
  const { clientCertificate: fact } = period
  const demand = demandOf(fact, period)
  const about = 'client-certificate'
  switch (fact.value) {
    case 'required':
      return { about, outcome: 'holds', sentence: 'the peer demands a client certificate, and we show ours', demand }
    case 'requested':
      return { about, outcome: 'holds', sentence: 'the peer asks for a client certificate and lives without', demand }
    case 'not-asked':
      return { about, outcome: 'holds', sentence: 'the peer asks for no client certificate', demand }
    default:
      return {
        about,
        outcome: 'unknown',
        sentence: `whether ${policy.title} asks for a client certificate is not known`,
        question: 'Do you ask for a client certificate where we dial you, and do you verify it?',
      }
  }
}

/** @param wanted the FQDN that the peer knows us by; absent: every name of the certificate is held against the rules */
export function nameCheck({ leaf }: Presented, { period, policy }: Situation, wanted?: string): Check {
  const about = 'name'
  const { checksName } = period
  if (checksName.value === 'no')
    return { about, outcome: 'holds', sentence: 'the peer compares no name', ...said(checksName, period) }
  const { question, ...found } = nameByRules(leaf, period, policy.title, wanted)
  if (question !== undefined) return { about, ...found, question }
  if (found.outcome === 'breaks' && checksName.value === 'unknown')
    return {
      about,
      outcome: 'unknown',
      sentence: `${found.sentence}; whether ${policy.title} compares names is not known`,
      question: 'Which name must the certificate of our SBC carry, and do you compare it?',
    }
  return { about, ...found, ...said(checksName.value === 'yes' ? period.wildcard : checksName, period) }
}

/** A demand that is on file; without one the rule of SIP itself holds (RFC 5922 §7.1). */
function said(fact: Fact<unknown>, period: Period): Pick<Check, 'demand'> {
  return fact.value === 'unknown' ? {} : { demand: demandOf(fact, period) }
}

type NameFinding = Pick<Check, 'outcome' | 'sentence' | 'code' | 'question'>

function nameByRules(leaf: Certificate, period: Period, peer: string, wanted: string | undefined): NameFinding {
  const usable = usableNames(leaf, period)
  const names = usable.map(({ name }) => name)
  const offered = offeredNames(leaf).slice(0, 5).join(', ') || 'none'
  const refused = refusedBelow(names, period)
  const fits = usable.filter(({ name }) => (wanted === undefined ? !refused.includes(name) : isFor(wanted)(name)))
  const [first] = fits
  if (first === undefined && wanted !== undefined)
    return {
      outcome: 'breaks',
      code: 'cert.name-mismatch',
      sentence: `no name in our certificate is ${wanted} by the rules of the peer; its names: ${offered}`,
    }
  if (first === undefined || (wanted !== undefined && fits.some(({ name }) => refused.includes(name))))
    return {
      outcome: 'breaks',
      code: offered.includes('*') && period.wildcard.value === 'refused' ? 'cert.wildcard' : 'cert.name-mismatch',
      sentence: `no name in our certificate counts at ${peer}; its names: ${offered}`,
    }
  const open = fits.every(({ name }) => name.startsWith('*.')) && period.wildcard.value === 'unknown'
  if (open)
    return {
      outcome: 'unknown',
      sentence: `our certificate has only the wildcard ${first.name}; whether the peer accepts wildcards is not known`,
      question: 'Do you accept a wildcard in the certificate of an SBC?',
    }
  if (fits.every(({ kind }) => kind === 'CN') && period.commonName.value === 'unknown')
    return {
      outcome: 'unknown',
      sentence: `our certificate has ${first.name} as CN only; whether the peer reads the CN is not known`,
      question: 'Do you accept a name that is in the CN and not in the subjectAltName?',
    }
  const registered = period.registeredDomain.value === 'required' ? '; its domain must be registered at the peer' : ''
  return { outcome: 'holds', sentence: `${first.name} counts as a name${registered}` }
}

interface UsableName {
  readonly kind: string
  readonly name: string
}

function usableNames(leaf: Certificate, { commonName, wildcard }: Period): readonly UsableName[] {
  return offeredNames(leaf).flatMap((entry) => {
    const [kind, name = ''] = [entry.slice(0, entry.indexOf(':')), entry.slice(entry.indexOf(':') + 1).toLowerCase()]
    if (kind !== 'DNS' && !(kind === 'CN' && commonName.value !== 'ignored')) return []
    if (!/^(?:\*\.)?[a-z\d_-]+(?:\.[a-z\d_-]+)+$/.test(name)) return []
    return name.startsWith('*.') && wildcard.value === 'refused' ? [] : [{ kind, name }]
  })
}

function refusedBelow(names: readonly string[], { refusedSuffixes }: Period): readonly string[] {
  const { value } = refusedSuffixes
  if (value === 'unknown') return []
  return names.filter((name) => value.some((suffix) => name === suffix || name.endsWith(`.${suffix}`)))
}

/** One label for a wildcard (RFC 2818 §3.1). */
function isFor(wanted: string): (name: string) => boolean {
  const name = wanted.toLowerCase()
  return (offered) =>
    offered === name || (offered.startsWith('*.') && name.slice(name.indexOf('.')) === offered.slice(1))
}

/** Absent: any key will do, as far as known. */
export function keyCheck({ leaf }: Presented, { period }: Situation): Check | undefined {
  const { keyTypes, otherKeys } = period
  const { value } = keyTypes
  if (value === 'unknown') return undefined
  const shown = keyText(leaf.publicKey)
  const demand = demandOf(keyTypes, period)
  const kind = leaf.publicKey.kind
  const listed = (kind === 'rsa' || kind === 'ec') && value.includes(kind)
  const wanted = value.join(' or ').toUpperCase()
  if (listed) return { about: 'key', outcome: 'holds', sentence: `the key is ${shown}, which the suites take`, demand }
  return otherKeys.value === 'refused'
    ? {
        about: 'key',
        outcome: 'breaks',
        code: 'tls.no-common-cipher',
        sentence: `the key is ${shown}; the peer takes ${wanted} only`,
        demand: demandOf(otherKeys, period),
      }
    : {
        about: 'key',
        outcome: 'warns',
        sentence: `the key is ${shown}; the suites that the peer lists are for ${wanted}`,
        demand,
      }
}

/** Which faults refuse a chain: a profile is the stacks it speaks for, and how strict it is about form. */
import type { Finding, Stack } from './faults.ts'
import type { NameRules } from './names.ts'

export type ProfileName = 'lcs2005' | 'ocs2007' | 'modern' | 'node' | 'rfc5280' | 'webpki'

export interface ExaminerProfile {
  readonly name: ProfileName
  /** A fault that one of these minds refuses the chain. */
  readonly stacks: readonly Stack[]
  /** Also refuse what issuers must not write but programs accept. */
  readonly refusesForm: boolean
  readonly nameRules: NameRules
  /** Servers of that time read RSA only. */
  readonly rsaOnly: boolean
  /** OCS wants a CRL distribution point in every server certificate. */
  readonly wantsDistributionPoint: boolean
  /** An unreadable CRL refuses the chain (fail closed), or is laid aside as if it had not been given. */
  readonly unreadableCrl: 'refuse' | 'ignore'
  /** The strict list of purposes for subscriber and root certificates (CA/B BR §7.1.2.7.10, §7.1.2.1.2). */
  readonly subscriberPurposes: boolean
  /** Also refuse a wildcard below a suffix of the private part of the public suffix list, such as `github.io`. */
  readonly privateSuffixes: boolean
  /** Also refuse a trust anchor that breaks the form of issued certificates (RFC 5280 §4), although no CA issued it. */
  readonly anchorForm: boolean
  /** Certificate policies are judged (RFC 5280 §6.1). */
  readonly judgesPolicies: boolean
}

const lab = {
  refusesForm: false,
  rsaOnly: false,
  wantsDistributionPoint: false,
  unreadableCrl: 'refuse',
  subscriberPurposes: false,
  privateSuffixes: false,
  anchorForm: false,
  judgesPolicies: true,
} as const

/** The lab's profiles are judged as its nodes judge: by Node's handshake plus the rules of the generation. */
const profiles: Readonly<Record<ProfileName, ExaminerProfile>> = {
  lcs2005: { ...lab, name: 'lcs2005', stacks: ['node', 'lcs'], nameRules: 'lcs', rsaOnly: true },
  ocs2007: {
    ...lab,
    name: 'ocs2007',
    stacks: ['node', 'ocs'],
    nameRules: 'ocs',
    rsaOnly: true,
    wantsDistributionPoint: true,
  },
  modern: { ...lab, name: 'modern', stacks: ['node', 'rfc5280', 'rfc5922'], nameRules: 'rfc5922' },
  node: { ...lab, name: 'node', stacks: ['node'], nameRules: 'node' },
  rfc5280: {
    ...lab,
    name: 'rfc5280',
    stacks: ['rfc5280'],
    nameRules: 'rfc9525',
    refusesForm: true,
    unreadableCrl: 'ignore',
  },
  webpki: {
    ...lab,
    name: 'webpki',
    stacks: ['rfc5280', 'cabf'],
    nameRules: 'rfc9525',
    refusesForm: true,
    unreadableCrl: 'ignore',
  },
}

export function examinerProfile(name: ProfileName): ExaminerProfile {
  return profiles[name]
}

export function refusesFinding(profile: ExaminerProfile, finding: Finding): boolean {
  if (finding.grade === 'lint' || (finding.grade === 'form' && !profile.refusesForm)) return false
  return profile.stacks.some((stack) => finding.minds[stack])
}

/**
 * What one certificate must look like, whatever its issuers are: RFC 5280 §4, the CA/B requirements, the old servers.
 */
import { findExtension, type Certificate } from './certificate.ts'
import {
  authorityKeyIdentifierRule,
  basicConstraintsRule,
  criticalityRule,
  distributionPointRule,
  keyUsageRule,
  mustStapleRule,
  nameConstraintsRule,
  policyRule,
  rootAuthorityRule,
  subjectKeyIdentifierRule,
  subscriberPurposeRule,
  unknownCritical,
} from './extension-rules.ts'
import { everyone, minds, ruleBooks, type Finding } from './faults.ts'
import { algorithmRule, keyRule } from './key-rules.ts'
import { extensionOid } from './oids.ts'
import { finding, form, malformed, type Rule, type RuleContext } from './rule.ts'
import { commonNameRule, subjectAltNameRule, wildcardRule } from './subject-rules.ts'

/** All findings of one certificate, in the order of its fields. */
export function certificateFindings(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const excused = context.role === 'anchor' && !context.profile.anchorForm
  return rules.flatMap(({ rule, issued }) => {
    const findings = rule(certificate, context)
    return excused && issued === true ? findings.map(noted) : findings
  })
}

/** A trust anchor is a name and a key (RFC 5280 §6.1.1 d): how it was written refuses nothing. */
function noted(finding: Finding): Finding {
  return finding.grade === 'form' ? { ...finding, grade: 'lint' } : finding
}

/** `issued`: its form rules are about certificates that somebody issued, and do not refuse a trust anchor. */
const rules: readonly { readonly rule: Rule; readonly issued?: true }[] = [
  { rule: problems },
  { rule: versionRule, issued: true },
  { rule: serialRule, issued: true },
  { rule: algorithmRule },
  { rule: issuerRule, issued: true },
  { rule: subjectRule },
  { rule: timeFormRule, issued: true },
  { rule: keyRule },
  { rule: criticalityRule, issued: true },
  { rule: unknownCritical },
  { rule: basicConstraintsRule },
  { rule: keyUsageRule },
  { rule: subjectKeyIdentifierRule },
  { rule: authorityKeyIdentifierRule, issued: true },
  { rule: rootAuthorityRule },
  { rule: subjectAltNameRule, issued: true },
  { rule: wildcardRule, issued: true },
  { rule: commonNameRule, issued: true },
  { rule: nameConstraintsRule },
  { rule: policyRule, issued: true },
  { rule: distributionPointRule, issued: true },
  { rule: subscriberPurposeRule },
  { rule: mustStapleRule },
]

/** The extensions that OpenSSL reads for every certificate; in the others it overlooks nonsense. */
const readByNode: ReadonlySet<string> = new Set([
  'basicConstraints',
  'keyUsage',
  'extendedKeyUsage',
  'subjectKeyIdentifier',
  'authorityKeyIdentifier',
  'subjectAltName',
  'nameConstraints',
  'cRLDistributionPoints',
])

function problems(certificate: Certificate, context: RuleContext): readonly Finding[] {
  return certificate.problems.map(({ field, message }) => {
    const code = field === 'subjectAltName' && context.role === 'leaf' ? 'cert.san-malformed' : malformed(context)
    const who = readByNode.has(field) ? everyone : ruleBooks
    return finding(
      code,
      'path',
      field,
      message,
      'an extension is well-formed DER and is there once (RFC 5280 §4.2)',
      who,
    )
  })
}

function versionRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { version, extensions, hasUniqueIds } = certificate
  if (version === 3) return []
  if (version > 3) return form(context, 'version', `v${version}`, 'version 1 to 3 (RFC 5280 §4.1.2.1)', everyone)
  const wrong = extensions.length > 0 || (version === 1 && hasUniqueIds)
  return form(
    context,
    'version',
    `v${version}${wrong ? ' with fields of a later version' : ''}`,
    'certificates are v3 (CA/B BR §7.1.1)',
    minds('cabf', ...(wrong || context.role !== 'leaf' ? ['rfc5280' as const] : [])),
  )
}

/** Roots with serial zero are in every trust store, so the anchor is let off. */
function serialRule({ serial }: Certificate, context: RuleContext): readonly Finding[] {
  const rule = 'a positive serial number of at most 20 octets (RFC 5280 §4.1.2.2)'
  if (serial.sign === 'negative') return form(context, 'serialNumber', `negative: ${serial.hex}`, rule)
  if (serial.sign === 'zero' && context.role !== 'anchor') return form(context, 'serialNumber', 'zero', rule)
  return serial.octets > 20 ? form(context, 'serialNumber', `${serial.octets} octets`, rule) : []
}

function issuerRule({ issuer }: Certificate, context: RuleContext): readonly Finding[] {
  return issuer.rdns.length > 0
    ? []
    : [finding(malformed(context), 'path', 'issuer', 'empty', 'the issuer has a name (RFC 5280 §4.1.2.4)', ruleBooks)]
}

function subjectRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (certificate.subject.rdns.length > 0) return []
  if (context.role !== 'leaf') return form(context, 'subject', 'empty', 'a CA has a subject name (RFC 5280 §4.1.2.6)')
  const names = findExtension(certificate, extensionOid.subjectAltName)
  if (names === undefined)
    return [
      finding(
        'cert.name-missing',
        'path',
        'subject',
        'no subject and no SAN',
        'a subject or a critical SAN (RFC 5280 §4.1.2.6)',
        everyone,
      ),
    ]
  const loose = names.critical
    ? []
    : form(
        context,
        'subjectAltName',
        'not critical beside an empty subject',
        'the SAN is critical when the subject is empty (RFC 5280 §4.2.1.6)',
      )
  return [
    ...loose,
    finding(
      'cert.subject-missing',
      'lint',
      'subject',
      'empty',
      'the subject CN is the FQDN of the server or pool (LCS 2005, OCS 2007)',
      minds('lcs', 'ocs'),
    ),
  ]
}

const firstGeneralizedYear = Date.UTC(2050, 0, 1)

/** Trust anchors are let off: their dates are in every trust store as they are. */
function timeFormRule({ notBefore, notAfter }: Certificate, context: RuleContext): readonly Finding[] {
  if (context.role === 'anchor') return []
  const wrong = [notBefore, notAfter].some(
    ({ at, form: how }) => (how === 'generalized') !== (at >= firstGeneralizedYear || at < Date.UTC(1950, 0, 1)),
  )
  return wrong
    ? form(context, 'validity', 'GeneralizedTime before 2050', 'UTCTime through 2049 (RFC 5280 §4.1.2.5)')
    : []
}

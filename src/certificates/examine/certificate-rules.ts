/**
 * What one certificate must look like, whatever stands above it: RFC 5280 §4, the CA/B requirements, the old servers.
 */
import { extensionName, findExtension, isKnownExtension, type Certificate } from './certificate.ts'
import { everyone, minds, ruleBooks, type Finding } from './faults.ts'
import { generalNameText } from './general-name.ts'
import { algorithmRule, keyRule } from './key-rules.ts'
import { subtreeProblem } from './name-constraints.ts'
import { anyPolicy, ekuName, ekuOid, extensionOid } from './oids.ts'
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
      'an extension is well-formed DER and stands there once (RFC 5280 §4.2)',
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

/** Which extensions must, and which must not, be critical. OpenSSL calls the latter unhandled when they are. */
const neverCritical: readonly string[] = [
  extensionOid.authorityKeyIdentifier,
  extensionOid.subjectKeyIdentifier,
  extensionOid.authorityInfoAccess,
]
const alwaysCritical: readonly string[] = [extensionOid.policyConstraints, extensionOid.inhibitAnyPolicy]

function criticalityRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  return certificate.extensions.flatMap(({ oid, critical }) => {
    const name = extensionName(oid)
    if (critical && neverCritical.includes(oid))
      return [
        finding(
          malformed(context),
          'path',
          name,
          'critical',
          `${name} is not critical (RFC 5280 §4.2.1, §4.2.2)`,
          minds('node', 'rfc5280', 'cabf'),
        ),
      ]
    if (critical && oid === extensionOid.tlsFeature)
      return [
        finding(
          'cert.critical-extension',
          'path',
          name,
          'critical',
          'a critical extension is understood (RFC 5280 §4.2)',
          minds('node'),
        ),
      ]
    return !critical && alwaysCritical.includes(oid)
      ? form(context, name, 'not critical', `${name} is critical (RFC 5280 §4.2.1)`)
      : []
  })
}

function unknownCritical(certificate: Certificate): readonly Finding[] {
  return certificate.extensions
    .filter(({ oid, critical }) => critical && !isKnownExtension(oid))
    .map(({ oid }) =>
      finding(
        'cert.critical-extension',
        'path',
        oid,
        'critical and unknown',
        'a critical extension is understood (RFC 5280 §4.2)',
        everyone,
      ),
    )
}

function basicConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const constraints = certificate.basicConstraints
  if (context.role !== 'leaf') {
    const critical = findExtension(certificate, extensionOid.basicConstraints)?.critical
    return constraints?.ca === true && critical !== true
      ? form(context, 'basicConstraints', 'not critical', 'basicConstraints of a CA is critical (RFC 5280 §4.2.1.9)')
      : []
  }
  if (constraints?.ca !== true)
    return constraints?.pathLength === undefined
      ? []
      : form(context, 'pathLenConstraint', 'without cA', 'a path length only with cA (RFC 5280 §4.2.1.9)')
  return [leafIsCa(certificate)]
}

/** RFC 5280 lets a CA certificate be the last of a path (§4.2.1.9, note); the CA/B requirements do not. */
function leafIsCa(certificate: Certificate): Finding {
  const signs = certificate.keyUsage === undefined || certificate.keyUsage.has('keyCertSign')
  return finding(
    'cert.is-ca',
    'form',
    'basicConstraints',
    signs ? 'cA' : 'cA without keyCertSign',
    'an end certificate is no CA (CA/B BR §7.1.2.7.8)',
    minds('cabf'),
  )
}

function keyUsageRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { keyUsage, basicConstraints } = certificate
  if (keyUsage === undefined) return []
  if (keyUsage.size === 0) return form(context, 'keyUsage', 'no bit set', 'at least one bit is set (RFC 5280 §4.2.1.3)')
  const ca = basicConstraints?.ca === true
  if (keyUsage.has('keyCertSign') && !ca)
    return form(context, 'keyUsage', 'keyCertSign without cA', 'keyCertSign only with cA (RFC 5280 §4.2.1.9)')
  if (
    certificate.publicKey.kind === 'ml-dsa' &&
    [...keyUsage].some((usage) => /Encipher|Agreement|encipherOnly|decipherOnly/.test(usage))
  ) {
    return form(context, 'keyUsage', [...keyUsage].join(', '), 'an ML-DSA key signs only (RFC 9881 §5)')
  }
  return basicConstraints?.pathLength !== undefined && !keyUsage.has('keyCertSign')
    ? form(
        context,
        'keyUsage',
        'a path length without keyCertSign',
        'a path length only with keyCertSign (RFC 5280 §4.2.1.9)',
      )
    : []
}

function subjectKeyIdentifierRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { subjectKeyIdentifier: subject, basicConstraints } = certificate
  return basicConstraints?.ca === true && subject === undefined
    ? form(context, 'subjectKeyIdentifier', 'missing', 'a CA certificate has a key identifier (RFC 5280 §4.2.1.2)')
    : []
}

/** A self-signed certificate may leave it out. */
function authorityKeyIdentifierRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (context.selfSigned && context.role !== 'intermediate') return []
  return certificate.authorityKeyIdentifier?.keyIdentifier === undefined
    ? form(
        context,
        'authorityKeyIdentifier',
        'missing',
        'the key identifier of the issuer is present (RFC 5280 §4.2.1.1)',
      )
    : []
}

/** CA/B BR §7.1.2.1.3: a root may repeat its own key identifier there and nothing else. */
function rootAuthorityRule(
  { authorityKeyIdentifier: authority, subjectKeyIdentifier: subject }: Certificate,
  context: RuleContext,
): readonly Finding[] {
  if (authority === undefined || context.role !== 'anchor' || !context.selfSigned) return []
  const rule = 'the authority key identifier of a root is its own key identifier and nothing else (CA/B BR §7.1.2.1.3)'
  if (authority.keyIdentifier === undefined)
    return form(context, 'authorityKeyIdentifier', 'without key identifier', rule, minds('cabf'))
  if (authority.hasIssuer || authority.hasSerial)
    return form(context, 'authorityKeyIdentifier', 'with issuer or serial', rule, minds('cabf'))
  return subject !== undefined && subject !== authority.keyIdentifier
    ? form(context, 'authorityKeyIdentifier', 'another key identifier than its own', rule, minds('cabf'))
    : []
}

function nameConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const constraints = certificate.nameConstraints
  if (constraints === undefined) return []
  const field = 'nameConstraints'
  if (certificate.basicConstraints?.ca !== true)
    return form(context, field, 'in an end certificate', 'only in CA certificates (RFC 5280 §4.2.1.10)')
  const subtrees = [...(constraints.permitted ?? []), ...(constraints.excluded ?? [])]
  const empty = subtrees.length === 0 || constraints.permitted?.length === 0 || constraints.excluded?.length === 0
  const bad = subtrees.map(subtreeProblem).filter((problem) => problem !== undefined)
  const critical = findExtension(certificate, extensionOid.nameConstraints)?.critical === true
  return [
    ...(empty ? form(context, field, 'an empty list', 'at least one subtree (RFC 5280 §4.2.1.10)') : []),
    ...bad
      .slice(0, 5)
      .flatMap((problem) => form(context, field, problem, 'subtrees in the form of RFC 5280 §4.2.1.10')),
    // The CA/B requirements except this from RFC 5280 (BR §7.1.2.5.2), so it only counts where RFC 5280 alone is asked.
    ...(critical || context.profile.stacks.includes('cabf')
      ? []
      : form(context, field, 'not critical', 'name constraints are critical (RFC 5280 §4.2.1.10)', minds('rfc5280'))),
  ]
}

function policyRule(certificate: Certificate): readonly Finding[] {
  const mapsAny =
    certificate.policyMappings?.some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy) === true
  return mapsAny
    ? [
        finding(
          'chain.policy',
          'path',
          'policyMappings',
          'maps anyPolicy',
          'anyPolicy is not mapped (RFC 5280 §4.2.1.5)',
          everyone,
        ),
      ]
    : []
}

function distributionPointRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const points = certificate.distributionPoints
  if (points === undefined) {
    return context.profile.wantsDistributionPoint && context.role === 'leaf'
      ? [
          finding(
            'cert.crl-point-missing',
            'lint',
            'cRLDistributionPoints',
            'missing',
            'a CRL distribution point is present (OCS 2007)',
            minds('ocs'),
          ),
        ]
      : []
  }
  const odd = points.flatMap(({ names }) => names ?? []).find(({ kind }) => kind !== 'uri')
  return odd === undefined
    ? []
    : form(
        context,
        'cRLDistributionPoints',
        generalNameText(odd),
        'a distribution point is a URI (CA/B BR §7.1.2.11.2)',
        minds('cabf'),
      )
}

const subscriberPurposes: readonly string[] = [ekuOid.serverAuth, ekuOid.clientAuth]

/**
 * CA/B BR §7.1.2.7.6 and §7.1.2.7.10: serverAuth, perhaps clientAuth, nothing else, not critical; none at all in a root
 * (§7.1.2.1.2).
 */
function subscriberPurposeRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (context.role === 'anchor') return rootPurposes(certificate, context)
  return context.role === 'leaf' ? leafPurposes(certificate, context) : []
}

const purposeField = 'extendedKeyUsage'

function rootPurposes({ extendedKeyUsage: usages }: Certificate, context: RuleContext): readonly Finding[] {
  if (usages === undefined || !context.profile.subscriberPurposes) return []
  const rule = 'a root has no extended key usage (CA/B BR §7.1.2.1.2)'
  return form(context, purposeField, usages.map(ekuName).join(', '), rule, minds('cabf'))
}

function leafPurposes(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const usages = certificate.extendedKeyUsage
  const isForm = context.profile.subscriberPurposes
  if (usages === undefined) {
    const rule = 'extended key usage is present (CA/B BR §7.1.2.7.6, OCS 2007)'
    return [finding('cert.eku-absent', isForm ? 'form' : 'lint', purposeField, 'missing', rule, minds('cabf', 'ocs'))]
  }
  if (!isForm) return []
  if (findExtension(certificate, extensionOid.extendedKeyUsage)?.critical === true) {
    const rule = 'extended key usage is not critical (CA/B BR §7.1.2.7.6)'
    return form(context, purposeField, 'critical', rule, minds('cabf'))
  }
  const foreign = usages.filter((usage) => !subscriberPurposes.includes(usage))
  if (foreign.length === 0) return []
  const rule = 'serverAuth, perhaps clientAuth, nothing else (CA/B BR §7.1.2.7.10)'
  return form(context, purposeField, foreign.map(ekuName).join(', '), rule, minds('cabf'))
}

/** status_request is feature 5 (RFC 7633 §4.2.3). Node ignores it, so nobody here refuses. */
function mustStapleRule(certificate: Certificate): readonly Finding[] {
  return certificate.tlsFeatures?.includes(5) === true
    ? [
        finding(
          'cert.must-staple',
          'lint',
          'tlsFeature',
          'status_request',
          'an OCSP answer is stapled (RFC 7633)',
          minds('rfc5280'),
        ),
      ]
    : []
}

/** What the extensions of one certificate must look like, but for the names (subject-rules.ts): RFC 5280 §4.2. */
import { extensionName, findExtension, isKnownExtension, type Certificate } from './certificate.ts'
import { everyone, minds, type Finding } from './faults.ts'
import { generalNameText } from './general-name.ts'
import { subtreeProblem } from './name-constraints.ts'
import { anyPolicy, ekuName, ekuOid, extensionOid } from './oids.ts'
import { finding, form, malformed, type RuleContext } from './rule.ts'

/** Which extensions must, and which must not, be critical. OpenSSL calls the latter unhandled when they are. */
const neverCritical: readonly string[] = [
  extensionOid.authorityKeyIdentifier,
  extensionOid.subjectKeyIdentifier,
  extensionOid.authorityInfoAccess,
]
const alwaysCritical: readonly string[] = [extensionOid.policyConstraints, extensionOid.inhibitAnyPolicy]

export function criticalityRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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

export function unknownCritical(certificate: Certificate): readonly Finding[] {
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

export function basicConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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

export function keyUsageRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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

export function subjectKeyIdentifierRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { subjectKeyIdentifier: subject, basicConstraints } = certificate
  return basicConstraints?.ca === true && subject === undefined
    ? form(context, 'subjectKeyIdentifier', 'missing', 'a CA certificate has a key identifier (RFC 5280 §4.2.1.2)')
    : []
}

/** A self-signed certificate may leave it out. */
export function authorityKeyIdentifierRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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
export function rootAuthorityRule(
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

export function nameConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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

export function policyRule(certificate: Certificate): readonly Finding[] {
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

export function distributionPointRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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
export function subscriberPurposeRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
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

/** status_request is feature 5 (RFC 7633 §4.2.3). Node ignores it, so siplab does not refuse it. */
export function mustStapleRule(certificate: Certificate): readonly Finding[] {
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

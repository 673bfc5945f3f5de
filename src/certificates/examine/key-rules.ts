/** Keys and signature algorithms: how strong, and who can read them (CA/B BR §6.1.5, §7.1.3). */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Certificate } from './certificate.ts'
import { everyone, minds, type Finding, type Minds } from './faults.ts'
import { keyText, signatureScheme, type PublicKeyInfo } from './key-info.ts'
import { finding, malformed, type RuleContext } from './rule.ts'

export function algorithmRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { outerAlgorithm, innerAlgorithm } = certificate
  if (!outerAlgorithm.whole.equals(innerAlgorithm.whole)) {
    return [
      finding(
        malformed(context),
        'path',
        'signatureAlgorithm',
        `${outerAlgorithm.oid} outside, ${innerAlgorithm.oid} inside`,
        'both algorithm fields are the same (RFC 5280 §4.1.1.2)',
        everyone,
      ),
    ]
  }
  // The self-signature of a root proves nothing, so its digest does not matter.
  if (context.role === 'anchor' && context.selfSigned) return []
  const scheme = signatureScheme(outerAlgorithm)
  const weak = scheme?.digest === 'md5' || scheme?.digest === 'sha1'
  const code = context.role === 'leaf' ? 'cert.signature-weak' : 'chain.signature-weak'
  return weak
    ? [
        finding(
          code,
          'path',
          'signatureAlgorithm',
          scheme.name,
          'SHA-256 or better (CA/B BR §7.1.3.2; OpenSSL security level 2)',
          minds('node', 'cabf'),
        ),
      ]
    : []
}

export function keyRule({ publicKey }: Certificate, context: RuleContext): readonly Finding[] {
  const code: VerdictCode = context.role === 'leaf' ? 'cert.key-weak' : 'chain.key-weak'
  const weak = keyWeakness(publicKey)
  const unreadable =
    context.profile.rsaOnly && publicKey.kind !== 'rsa'
      ? [
          finding(
            'cert.algorithm-unreadable',
            'lint',
            'subjectPublicKeyInfo',
            keyText(publicKey),
            'RSA only (LCS 2005, OCS 2007)',
            minds('lcs', 'ocs'),
          ),
        ]
      : []
  return weak === undefined
    ? unreadable
    : [finding(code, 'path', 'subjectPublicKeyInfo', keyText(publicKey), weak.rule, weak.minds), ...unreadable]
}

/** CA/B BR §6.1.5, and the security level of 112 bits that OpenSSL applies to a peer. */
function keyWeakness(key: PublicKeyInfo): { readonly rule: string; readonly minds: Minds } | undefined {
  const strength = 'RSA of 2048 bits or more, or P-256, P-384, P-521 (CA/B BR §6.1.5)'
  switch (key.kind) {
    case 'rsa':
      if (key.bits < 2048) return { rule: strength, minds: minds('node', 'cabf') }
      return key.bits % 8 === 0
        ? undefined
        : { rule: 'an RSA modulus of whole octets (CA/B BR §6.1.5)', minds: minds('cabf') }
    case 'ec':
      if (key.curve === 'P-192') return { rule: strength, minds: minds('node', 'cabf') }
      return ['P-256', 'P-384', 'P-521'].includes(key.curve) ? undefined : { rule: strength, minds: minds('cabf') }
    case 'ec-explicit':
      return { rule: 'a named curve (RFC 5480 §2.1.1)', minds: minds('node', 'rfc5280', 'cabf') }
    case 'dsa':
      return { rule: strength, minds: minds('node', 'cabf') }
    case 'edwards':
    case 'ml-dsa':
      return undefined
    case 'unknown':
      return { rule: strength, minds: minds('node', 'cabf', 'lcs', 'ocs') }
    default:
      return key satisfies never
  }
}

/** What one certificate must look like, whatever stands above it: RFC 5280 §4, the CA/B requirements, the old servers. */
import { isIP } from 'node:net'
import type { VerdictCode } from '../verdict-codes.ts'
import { extensionName, findExtension, isKnownExtension, isSelfIssued, type Certificate } from './certificate.ts'
import { attributeValues } from './distinguished-name.ts'
import { minds, ruleBooks, everyone, type ChainRole, type Finding, type Minds } from './faults.ts'
import { generalNameText, ipText, type GeneralName } from './general-name.ts'
import { keyText, signatureScheme, type PublicKeyInfo } from './key-info.ts'
import { isHostSyntax, subtreeProblem } from './name-constraints.ts'
import { anyPolicy, commonName, ekuName, ekuOid, extensionOid } from './oids.ts'
import type { ExaminerProfile } from './profiles.ts'
import { isInternalName, isLoopback, isPublicSuffix } from './public-suffixes.ts'

export interface RuleContext {
  readonly role: ChainRole
  readonly profile: ExaminerProfile
  /** Absent for the anchor of a path that was found; signatures of anchors are not checked. */
  readonly selfSigned: boolean
}

type Rule = (certificate: Certificate, context: RuleContext) => readonly Finding[]

/** All findings of one certificate, in the order of its fields. */
export function certificateFindings(certificate: Certificate, context: RuleContext): readonly Finding[] {
  return rules.flatMap((rule) => rule(certificate, context))
}

const rules: readonly Rule[] = [
  problems, versionRule, serialRule, algorithmRule, issuerRule, subjectRule, timeFormRule, keyRule, criticalityRule, unknownCritical,
  basicConstraintsRule, keyUsageRule, keyIdentifierRule, subjectAltNameRule, wildcardRule, commonNameRule, nameConstraintsRule,
  policyRule, distributionPointRule, subscriberPurposeRule, mustStapleRule,
]


function finding(code: VerdictCode, grade: Finding['grade'], field: string, found: string, rule: string, who: Minds): Finding {
  return { code, grade, field, found, rule, minds: who }
}

/** The code for a fault of form: it sits on the certificate itself or on a CA above it. */
function malformed(context: RuleContext): VerdictCode {
  return context.role === 'leaf' ? 'cert.malformed' : 'chain.malformed'
}

function form(context: RuleContext, field: string, found: string, rule: string, who: Minds = ruleBooks): readonly Finding[] {
  return [finding(malformed(context), 'form', field, found, rule, who)]
}

/** The extensions that OpenSSL reads for every certificate; in the others it overlooks nonsense. */
const readByNode: ReadonlySet<string> = new Set([
  'basicConstraints', 'keyUsage', 'extendedKeyUsage', 'subjectKeyIdentifier', 'authorityKeyIdentifier', 'subjectAltName', 'nameConstraints', 'cRLDistributionPoints',
])

function problems(certificate: Certificate, context: RuleContext): readonly Finding[] {
  return certificate.problems.map(({ field, message }) => {
    const code = field === 'subjectAltName' && context.role === 'leaf' ? 'cert.san-malformed' : malformed(context)
    const who = readByNode.has(field) ? everyone : ruleBooks
    return finding(code, 'path', field, message, 'an extension is well-formed DER and stands there once (RFC 5280 §4.2)', who)
  })
}

function versionRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { version, extensions, hasUniqueIds } = certificate
  if (version === 3) return []
  if (version > 3) return form(context, 'version', `v${version}`, 'version 1 to 3 (RFC 5280 §4.1.2.1)', everyone)
  const wrong = extensions.length > 0 || (version === 1 && hasUniqueIds)
  return form(context, 'version', `v${version}${wrong ? ' with fields of a later version' : ''}`, 'certificates are v3 (CA/B BR §7.1.1)', minds('cabf', ...(wrong || context.role !== 'leaf' ? ['rfc5280' as const] : [])))
}

/** Roots with serial zero are in every trust store, so the anchor is let off. */
function serialRule({ serial }: Certificate, context: RuleContext): readonly Finding[] {
  const rule = 'a positive serial number of at most 20 octets (RFC 5280 §4.1.2.2)'
  if (serial.sign === 'negative') return form(context, 'serialNumber', `negative: ${serial.hex}`, rule)
  if (serial.sign === 'zero' && context.role !== 'anchor') return form(context, 'serialNumber', 'zero', rule)
  return serial.octets > 20 ? form(context, 'serialNumber', `${serial.octets} octets`, rule) : []
}

function algorithmRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { outerAlgorithm, innerAlgorithm } = certificate
  if (!outerAlgorithm.whole.equals(innerAlgorithm.whole)) {
    return [finding(malformed(context), 'path', 'signatureAlgorithm', `${outerAlgorithm.oid} outside, ${innerAlgorithm.oid} inside`, 'both algorithm fields are the same (RFC 5280 §4.1.1.2)', everyone)]
  }
  // The self-signature of a root proves nothing, so its digest does not matter.
  if (context.role === 'anchor' && context.selfSigned) return []
  const scheme = signatureScheme(outerAlgorithm)
  const weak = scheme?.digest === 'md5' || scheme?.digest === 'sha1'
  const code = context.role === 'leaf' ? 'cert.signature-weak' : 'chain.signature-weak'
  return weak ? [finding(code, 'path', 'signatureAlgorithm', scheme.name, 'SHA-256 or better (CA/B BR §7.1.3.2; OpenSSL security level 2)', minds('node', 'cabf'))] : []
}

function issuerRule({ issuer }: Certificate, context: RuleContext): readonly Finding[] {
  return issuer.rdns.length > 0 ? [] : [finding(malformed(context), 'path', 'issuer', 'empty', 'the issuer has a name (RFC 5280 §4.1.2.4)', ruleBooks)]
}

function subjectRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (certificate.subject.rdns.length > 0) return []
  if (context.role !== 'leaf') return form(context, 'subject', 'empty', 'a CA has a subject name (RFC 5280 §4.1.2.6)')
  const names = findExtension(certificate, extensionOid.subjectAltName)
  if (names === undefined) return [finding('cert.name-missing', 'path', 'subject', 'no subject and no SAN', 'a subject or a critical SAN (RFC 5280 §4.1.2.6)', everyone)]
  return names.critical ? [] : form(context, 'subjectAltName', 'not critical beside an empty subject', 'the SAN is critical when the subject is empty (RFC 5280 §4.2.1.6)')
}

const firstGeneralizedYear = Date.UTC(2050, 0, 1)

function timeFormRule({ notBefore, notAfter }: Certificate, context: RuleContext): readonly Finding[] {
  const wrong = [notBefore, notAfter].some(({ at, form: how }) => (how === 'generalized') !== (at >= firstGeneralizedYear || at < Date.UTC(1950, 0, 1)))
  return wrong ? form(context, 'validity', 'GeneralizedTime before 2050', 'UTCTime through 2049 (RFC 5280 §4.1.2.5)') : []
}

function keyRule({ publicKey }: Certificate, context: RuleContext): readonly Finding[] {
  const code: VerdictCode = context.role === 'leaf' ? 'cert.key-weak' : 'chain.key-weak'
  const weak = keyWeakness(publicKey)
  const unreadable = context.profile.rsaOnly && publicKey.kind !== 'rsa'
    ? [finding('cert.algorithm-unreadable', 'lint', 'subjectPublicKeyInfo', keyText(publicKey), 'RSA only (LCS 2005, OCS 2007)', minds('lcs', 'ocs'))]
    : []
  return weak === undefined ? unreadable : [finding(code, 'path', 'subjectPublicKeyInfo', keyText(publicKey), weak.rule, weak.minds), ...unreadable]
}

/** CA/B BR §6.1.5, and the security level of 112 bits that OpenSSL applies to a peer. */
function keyWeakness(key: PublicKeyInfo): { readonly rule: string, readonly minds: Minds } | undefined {
  const strength = 'RSA of 2048 bits or more, or P-256, P-384, P-521 (CA/B BR §6.1.5)'
  switch (key.kind) {
    case 'rsa':
      if (key.bits < 2048) return { rule: strength, minds: minds('node', 'cabf') }
      return key.bits % 8 === 0 ? undefined : { rule: 'an RSA modulus of whole octets (CA/B BR §6.1.5)', minds: minds('cabf') }
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

/** Which extensions must, and which must not, be critical. OpenSSL calls the latter unhandled when they are. */
const neverCritical: readonly string[] = [extensionOid.authorityKeyIdentifier, extensionOid.subjectKeyIdentifier, extensionOid.authorityInfoAccess]
const alwaysCritical: readonly string[] = [extensionOid.policyConstraints, extensionOid.inhibitAnyPolicy]

function criticalityRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  return certificate.extensions.flatMap(({ oid, critical }) => {
    const name = extensionName(oid)
    if (critical && neverCritical.includes(oid)) return [finding(malformed(context), 'path', name, 'critical', `${name} is not critical (RFC 5280 §4.2.1, §4.2.2)`, minds('node', 'rfc5280', 'cabf'))]
    if (critical && oid === extensionOid.tlsFeature) return [finding('cert.critical-extension', 'path', name, 'critical', 'a critical extension is understood (RFC 5280 §4.2)', minds('node'))]
    return !critical && alwaysCritical.includes(oid) ? form(context, name, 'not critical', `${name} is critical (RFC 5280 §4.2.1)`) : []
  })
}

function unknownCritical(certificate: Certificate): readonly Finding[] {
  return certificate.extensions.filter(({ oid, critical }) => critical && !isKnownExtension(oid)).map(({ oid }) =>
    finding('cert.critical-extension', 'path', oid, 'critical and unknown', 'a critical extension is understood (RFC 5280 §4.2)', everyone))
}

function basicConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const constraints = certificate.basicConstraints
  if (context.role !== 'leaf') {
    const critical = findExtension(certificate, extensionOid.basicConstraints)?.critical
    return constraints?.ca === true && critical !== true ? form(context, 'basicConstraints', 'not critical', 'basicConstraints of a CA is critical (RFC 5280 §4.2.1.9)') : []
  }
  if (constraints?.ca !== true) return constraints?.pathLength === undefined ? [] : form(context, 'pathLenConstraint', 'without cA', 'a path length only with cA (RFC 5280 §4.2.1.9)')
  return [leafIsCa(certificate)]
}

/** A whole CA certificate may be the last of a path (RFC 5280 §4.2.1.9, note); one that says cA and cannot sign contradicts itself. */
function leafIsCa(certificate: Certificate): Finding {
  const signs = certificate.keyUsage === undefined || certificate.keyUsage.has('keyCertSign')
  return finding('cert.is-ca', signs ? 'lint' : 'form', 'basicConstraints', signs ? 'cA' : 'cA without keyCertSign', 'an end certificate is no CA (CA/B BR §7.1.2.7.8)', minds('cabf'))
}

function keyUsageRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { keyUsage, basicConstraints } = certificate
  if (keyUsage === undefined) return []
  if (keyUsage.size === 0) return form(context, 'keyUsage', 'no bit set', 'at least one bit is set (RFC 5280 §4.2.1.3)')
  const ca = basicConstraints?.ca === true
  if (keyUsage.has('keyCertSign') && !ca) return form(context, 'keyUsage', 'keyCertSign without cA', 'keyCertSign only with cA (RFC 5280 §4.2.1.9)')
  if (certificate.publicKey.kind === 'ml-dsa' && [...keyUsage].some((usage) => /Encipher|Agreement|encipherOnly|decipherOnly/.test(usage))) {
    return form(context, 'keyUsage', [...keyUsage].join(', '), 'an ML-DSA key signs only (RFC 9881 §5)')
  }
  return basicConstraints?.pathLength !== undefined && !keyUsage.has('keyCertSign') ? form(context, 'keyUsage', 'a path length without keyCertSign', 'a path length only with keyCertSign (RFC 5280 §4.2.1.9)') : []
}

function keyIdentifierRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const { authorityKeyIdentifier: authority, subjectKeyIdentifier: subject } = certificate
  const ca = certificate.basicConstraints?.ca === true
  const missing = ca && subject === undefined ? form(context, 'subjectKeyIdentifier', 'missing', 'a CA certificate has a key identifier (RFC 5280 §4.2.1.2)') : []
  if (context.role === 'anchor' && isSelfIssued(certificate)) return [...missing, ...rootAuthorityRule(certificate, context)]
  if (context.role === 'leaf' && context.selfSigned) return missing
  return authority?.keyIdentifier === undefined ? [...missing, ...form(context, 'authorityKeyIdentifier', 'missing', 'the key identifier of the issuer is present (RFC 5280 §4.2.1.1)')] : missing
}

/** CA/B BR §7.1.2.1.3: a root may repeat its own key identifier there and nothing else. */
function rootAuthorityRule({ authorityKeyIdentifier: authority, subjectKeyIdentifier: subject }: Certificate, context: RuleContext): readonly Finding[] {
  if (authority === undefined) return []
  const rule = 'the authority key identifier of a root is its own key identifier and nothing else (CA/B BR §7.1.2.1.3)'
  if (authority.keyIdentifier === undefined) return form(context, 'authorityKeyIdentifier', 'without key identifier', rule, minds('cabf'))
  if (authority.hasIssuer || authority.hasSerial) return form(context, 'authorityKeyIdentifier', 'with issuer or serial', rule, minds('cabf'))
  return subject !== undefined && subject !== authority.keyIdentifier ? form(context, 'authorityKeyIdentifier', 'another key identifier than its own', rule, minds('cabf')) : []
}

function subjectAltNameRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const extension = findExtension(certificate, extensionOid.subjectAltName)
  const bad = (certificate.subjectAltNames ?? []).map(nameProblem).filter((problem) => problem !== undefined)
  const code = context.role === 'leaf' ? 'cert.san-malformed' : 'chain.malformed'
  const malformedNames = bad.map((problem) => finding(code, 'form', 'subjectAltName', problem, 'a name in the form of RFC 5280 §4.2.1.6', ruleBooks))
  const critical = context.role === 'leaf' && extension?.critical === true && certificate.subject.rdns.length > 0
    ? form(context, 'subjectAltName', 'critical beside a subject', 'the SAN is critical only when the subject is empty (CA/B BR §7.1.2.7.12)', minds('cabf'))
    : []
  return [...malformedNames, ...critical]
}

function nameProblem(name: GeneralName): string | undefined {
  switch (name.kind) {
    case 'dns':
      return isHostSyntax(name.value.replace(/^\*\./, '')) || name.value.includes('*') ? undefined : `${generalNameText(name)} is no host name`
    case 'ip':
      return name.octets.length === 4 || name.octets.length === 16 ? undefined : `${generalNameText(name)} is no address`
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(name.value) ? undefined : `${generalNameText(name)} is no mailbox`
    case 'uri':
      return /^[a-z][a-z0-9+.-]*:./i.test(name.value) ? undefined : `${generalNameText(name)} is no absolute URI`
    default:
      return undefined
  }
}

/** One wildcard label, on the left, below a name that somebody registered (CA/B BR §3.2.2.6, RFC 9525 §6.3). */
function wildcardRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (context.role !== 'leaf') return []
  return (certificate.subjectAltNames ?? []).flatMap((name) => {
    if (name.kind !== 'dns' || !name.value.includes('*')) return []
    const base = name.value.replace(/^\*\.?/, '')
    if (base.includes('*') || !name.value.startsWith('*') || (base !== '' && !isHostSyntax(base))) {
      return [finding('cert.wildcard', 'form', 'subjectAltName', generalNameText(name), 'a wildcard is the whole label on the left (RFC 9525 §6.3)', minds('cabf'))]
    }
    return isPublicSuffix(base) ? [finding('cert.wildcard', 'form', 'subjectAltName', generalNameText(name), 'no wildcard directly below a public suffix (CA/B BR §3.2.2.6)', minds('cabf'))] : []
  })
}

/** CA/B BR §7.1.4.3: the CN copies one SAN, character for character. */
function commonNameRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const names = (certificate.subjectAltNames ?? []).filter(({ kind }) => kind === 'dns' || kind === 'ip').map((name) => name.kind === 'dns' ? name.value : ipText(name.kind === 'ip' ? name.octets : Buffer.alloc(0)))
  // A CA certificate in the place of the leaf is no subscriber certificate, so its CN may say what it likes.
  if (context.role !== 'leaf' || names.length === 0 || certificate.basicConstraints?.ca === true) return []
  return attributeValues(certificate.subject, commonName).filter((value) => !names.includes(value)).map((value) =>
    finding('cert.cn-not-in-san', misleads(value, names) ? 'form' : 'lint', 'subject', `CN=${value}, SAN ${names.slice(0, 5).join(', ')}`, 'the CN is a copy of one SAN (CA/B BR §7.1.4.3)', minds('cabf')))
}

/**
 * A CN in another spelling, or naming another public host, misleads whoever reads it. A CN that is the parent domain of a SAN, or that
 * stands beside internal names or addresses alone (such a certificate is a private one, the requirements do not govern it), is untidy.
 */
function misleads(value: string, names: readonly string[]): boolean {
  if (!/^[\u0020-\u007e]+$/.test(value) || isOddAddress(value)) return true
  const folded = value.toLowerCase()
  if (names.some((name) => name.toLowerCase() === folded)) return true
  if (names.some((name) => (isIP(name) === 0 ? isInternalName(name) : isLoopback(name)))) return false
  if (names.every((name) => isIP(name) !== 0) && isIP(value) === 0) return false
  return !names.some((name) => name.toLowerCase().endsWith(`.${folded}`))
}

/** Digits and dots, colons or 0x that are no address in its one proper spelling. */
function isOddAddress(value: string): boolean {
  if (/^0x[0-9a-f]+$/i.test(value) || (/^[0-9.]+$/.test(value) && isIP(value) === 0)) return true
  return isIP(value) === 6 && new URL(`http://[${value}]/`).hostname.slice(1, -1) !== value
}

function nameConstraintsRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const constraints = certificate.nameConstraints
  if (constraints === undefined) return []
  const field = 'nameConstraints'
  if (certificate.basicConstraints?.ca !== true) return form(context, field, 'in an end certificate', 'only in CA certificates (RFC 5280 §4.2.1.10)')
  const subtrees = [...constraints.permitted ?? [], ...constraints.excluded ?? []]
  const empty = subtrees.length === 0 || constraints.permitted?.length === 0 || constraints.excluded?.length === 0
  const bad = subtrees.map(subtreeProblem).filter((problem) => problem !== undefined)
  const critical = findExtension(certificate, extensionOid.nameConstraints)?.critical === true
  return [
    ...empty ? form(context, field, 'an empty list', 'at least one subtree (RFC 5280 §4.2.1.10)') : [],
    ...bad.slice(0, 5).flatMap((problem) => form(context, field, problem, 'subtrees in the form of RFC 5280 §4.2.1.10')),
    // The CA/B requirements except this from RFC 5280 (BR §7.1.2.5.2), so it only counts where RFC 5280 alone is asked.
    ...critical || context.profile.stacks.includes('cabf') ? [] : form(context, field, 'not critical', 'name constraints are critical (RFC 5280 §4.2.1.10)', minds('rfc5280')),
  ]
}

function policyRule(certificate: Certificate): readonly Finding[] {
  const mapsAny = certificate.policyMappings?.some(({ issuer, subject }) => issuer === anyPolicy || subject === anyPolicy) === true
  return mapsAny ? [finding('chain.policy', 'path', 'policyMappings', 'maps anyPolicy', 'anyPolicy is not mapped (RFC 5280 §4.2.1.5)', everyone)] : []
}


function distributionPointRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const points = certificate.distributionPoints
  if (points === undefined) {
    return context.profile.wantsDistributionPoint && context.role === 'leaf'
      ? [finding('cert.crl-point-missing', 'lint', 'cRLDistributionPoints', 'missing', 'a CRL distribution point is present (OCS 2007)', minds('ocs'))]
      : []
  }
  const odd = points.flatMap(({ names }) => names ?? []).find(({ kind }) => kind !== 'uri')
  return odd === undefined ? [] : form(context, 'cRLDistributionPoints', generalNameText(odd), 'a distribution point is a URI (CA/B BR §7.1.2.11.2)', minds('cabf'))
}

const subscriberPurposes: readonly string[] = [ekuOid.serverAuth, ekuOid.clientAuth]

/** CA/B BR §7.1.2.7.6 and §7.1.2.7.10: serverAuth, perhaps clientAuth, nothing else, not critical; none at all in a root (§7.1.2.1.2). */
function subscriberPurposeRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const usages = certificate.extendedKeyUsage
  const grade = context.profile.subscriberPurposes ? 'form' : 'lint'
  const field = 'extendedKeyUsage'
  if (context.role === 'anchor') {
    return usages !== undefined && grade === 'form' ? form(context, field, usages.map(ekuName).join(', '), 'a root has no extended key usage (CA/B BR §7.1.2.1.2)', minds('cabf')) : []
  }
  if (context.role !== 'leaf') return []
  if (usages === undefined) return [finding('cert.eku-absent', grade, field, 'missing', 'extended key usage is present (CA/B BR §7.1.2.7.6, OCS 2007)', minds('cabf', 'ocs'))]
  if (grade === 'lint') return []
  if (findExtension(certificate, extensionOid.extendedKeyUsage)?.critical === true) return form(context, field, 'critical', 'extended key usage is not critical (CA/B BR §7.1.2.7.6)', minds('cabf'))
  const foreign = usages.filter((usage) => !subscriberPurposes.includes(usage))
  return foreign.length > 0 ? form(context, field, foreign.map(ekuName).join(', '), 'serverAuth, perhaps clientAuth, nothing else (CA/B BR §7.1.2.7.10)', minds('cabf')) : []
}

/** status_request is feature 5 (RFC 7633 §4.2.3). Node ignores it, so nobody here refuses. */
function mustStapleRule(certificate: Certificate): readonly Finding[] {
  return certificate.tlsFeatures?.includes(5) === true ? [finding('cert.must-staple', 'lint', 'tlsFeature', 'status_request', 'an OCSP answer is stapled (RFC 7633)', minds('rfc5280'))] : []
}

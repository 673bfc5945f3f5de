/**
 * Revocation by CRL (RFC 5280 §6.3): once CRLs are given, every certificate below the anchor needs one that covers it.
 */
import type { VerdictCode } from '../../verdicts/codes.ts'
import { extensionName, type Certificate } from './certificate.ts'
import type { Crl } from './crl.ts'
import { sameName } from './distinguished-name.ts'
import { everyone, minds, type Finding, type Minds } from './faults.ts'
import type { GeneralName } from './general-name.ts'
import { extensionOid } from './oids.ts'
import type { SignatureChecker } from './signature.ts'

export interface RevocationContext {
  readonly crls: readonly Crl[]
  /** Whole seconds, in milliseconds. */
  readonly at: number
  readonly signatures: SignatureChecker
  /** Also refuse CRLs whose form RFC 5280 §5 forbids although programs read them. */
  readonly strictForm: boolean
}

/** Without the option `crl` Node checks nothing, with it every level; the other stacks and rule books likewise. */
const checking: Minds = everyone

/**
 * The findings about one certificate.
 *
 * @param issuer the certificate above it in the path
 */
export function revocationFindings(
  certificate: Certificate,
  issuer: Certificate,
  isLeaf: boolean,
  context: RevocationContext,
): readonly Finding[] {
  const own = context.crls.filter((crl) => sameName(crl.issuer, certificate.issuer))
  const judged = own.map((crl) => ({ crl, flaw: crlFlaw(crl, certificate, issuer, context) }))
  const revoked = judged.find(
    ({ crl, flaw }) =>
      (flaw === undefined || flaw.code === 'crl.expired') && isRevoked(newest(judged, crl), certificate),
  )
  if (revoked !== undefined) return [revokedFinding(revoked.crl, certificate, isLeaf)]
  if (judged.some(({ flaw }) => flaw === undefined)) return []
  const [first] = judged
  return [
    first?.flaw ??
      crlFinding(
        'crl.missing',
        `no CRL of ${certificate.issuer.text}`,
        'once CRLs are used, every CA of the chain has one (RFC 5280 §6.3.3)',
      ),
  ]
}

/** The newest usable CRL of the same scope wins: a later one may lift a hold (RFC 5280 §6.3.3 step c). */
function newest(judged: readonly { readonly crl: Crl; readonly flaw: Finding | undefined }[], given: Crl): Crl {
  const usable = judged.filter(({ flaw }) => flaw === undefined).map(({ crl }) => crl)
  return usable.reduce((latest, crl) => (crl.thisUpdate.at > latest.thisUpdate.at ? crl : latest), given)
}

const removeFromCrl = 8

function isRevoked(crl: Crl, { serial }: Certificate): boolean {
  const entry = crl.revoked.get(serial.hex)
  return entry !== undefined && entry.reason !== removeFromCrl
}

function revokedFinding(crl: Crl, { serial }: Certificate, isLeaf: boolean): Finding {
  const entry = crl.revoked.get(serial.hex)
  const when = entry === undefined ? '' : ` since ${new Date(entry.at).toISOString()}`
  return {
    ...crlFinding(
      isLeaf ? 'cert.revoked' : 'chain.revoked',
      `serial ${serial.hex} stands on the CRL of ${crl.issuer.text}${when}`,
      'the serial is on no CRL of its issuer (RFC 5280 §6.3)',
    ),
    field: 'serialNumber',
  }
}

/** Why a CRL cannot say anything about a certificate; absent when it can. */
function crlFlaw(
  crl: Crl,
  certificate: Certificate,
  issuer: Certificate,
  context: RevocationContext,
): Finding | undefined {
  if (!crl.outerAlgorithm.whole.equals(crl.innerAlgorithm.whole))
    return crlFinding(
      'crl.malformed',
      'two different signature algorithms',
      'both algorithm fields are the same (RFC 5280 §5.1.1.2)',
    )
  if (!context.signatures.verifies(crl, issuer))
    return crlFinding(
      'crl.signature-invalid',
      `the CRL of ${crl.issuer.text} is not signed with the key of ${issuer.subject.text}`,
      'the CRL is signed by the CA it is for (RFC 5280 §6.3.3)',
    )
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has('cRLSign'))
    return crlFinding(
      'crl.no-crl-sign',
      `keyUsage ${[...issuer.keyUsage].join(', ')}`,
      'the key usage of the CRL issuer holds cRLSign (RFC 5280 §6.3.3 step f)',
    )
  return formFlaw(crl, context) ?? scopeFlaw(crl, certificate) ?? timeFlaw(crl, context.at)
}

const understood: ReadonlySet<string> = new Set([
  extensionOid.authorityKeyIdentifier,
  extensionOid.issuerAltName,
  extensionOid.crlNumber,
  extensionOid.issuingDistributionPoint,
  extensionOid.freshestCrl,
])

function formFlaw(crl: Crl, { strictForm }: RevocationContext): Finding | undefined {
  const unknown = crl.extensions.find(({ oid, critical }) => critical && !understood.has(oid))
  if (unknown !== undefined)
    return crlFinding(
      'crl.malformed',
      `critical extension ${extensionName(unknown.oid)}`,
      'a critical CRL extension is understood (RFC 5280 §5.2)',
    )
  if ([...crl.revoked.values()].some(({ criticalUnknown }) => criticalUnknown))
    return crlFinding(
      'crl.malformed',
      'an entry with an unknown critical extension',
      'a critical entry extension is understood (RFC 5280 §5.3)',
    )
  if (!strictForm) return undefined
  if (crl.duplicate !== undefined)
    return crlFinding(
      'crl.malformed',
      `serial ${crl.duplicate} is there twice`,
      'every serial is there once (RFC 5280 §5.1.2.6)',
      minds('cabf', 'rfc5280'),
    )
  const number = crl.extensions.find(({ oid }) => oid === extensionOid.crlNumber)
  return number === undefined || number.critical
    ? crlFinding(
        'crl.malformed',
        number === undefined ? 'no CRL number' : 'a critical CRL number',
        'a CRL number that is not critical (RFC 5280 §5.2.3)',
        minds('cabf', 'rfc5280'),
      )
    : undefined
}

/** RFC 5280 §6.3.3 step b: a CRL for one partition, one kind of certificate or some reasons does not clear the rest. */
function scopeFlaw(crl: Crl, certificate: Certificate): Finding | undefined {
  const scope = crl.issuingDistributionPoint
  if (scope === undefined) return undefined
  const ca = certificate.basicConstraints?.ca === true
  const reasons: readonly (readonly [boolean, string])[] = [
    [scope.indirect, 'indirect'],
    [scope.onlyAttribute, 'for attribute certificates only'],
    [scope.onlyUser && ca, 'for end certificates only'],
    [scope.onlyCa && !ca, 'for CA certificates only'],
    [scope.someReasons, 'for some reasons only'],
    [scope.relative, 'for a partition named relative to its issuer'],
    [scope.names !== undefined && !pointsAt(certificate, scope.names), 'for another distribution point'],
  ]
  const hit = reasons.find(([applies]) => applies)
  return hit === undefined
    ? undefined
    : crlFinding(
        'crl.missing',
        `the CRL of ${crl.issuer.text} is ${hit[1]}`,
        'a CRL whose scope holds the certificate (RFC 5280 §6.3.3 step b)',
      )
}

/** Octet by octet, as the CA/B requirements want it (BR §7.2.2.1), and URIs only. */
function pointsAt(certificate: Certificate, names: readonly GeneralName[]): boolean {
  const own = new Set((certificate.distributionPoints ?? []).flatMap((point) => point.names ?? []).map(uriOf))
  return names.every(({ kind }) => kind === 'uri') && names.some((name) => own.has(uriOf(name)))
}

function uriOf(name: GeneralName): string {
  return name.kind === 'uri' ? name.value : ''
}

function timeFlaw(crl: Crl, at: number): Finding | undefined {
  if (crl.thisUpdate.at > at)
    return crlFinding(
      'crl.not-yet-valid',
      `thisUpdate ${new Date(crl.thisUpdate.at).toISOString()}`,
      'thisUpdate is in the past (RFC 5280 §5.1.2.4)',
    )
  if (crl.nextUpdate === undefined || crl.nextUpdate.at >= at) return undefined
  return crlFinding(
    'crl.expired',
    `nextUpdate ${new Date(crl.nextUpdate.at).toISOString()}`,
    'nextUpdate is in the future (RFC 5280 §5.1.2.5)',
  )
}

/** What RFC 5280 §5.1.2 forbids in the dates of a CRL: such a list cannot be relied on by a strict reader. */
export function crlDateProblem(crl: Crl): string | undefined {
  const first = Date.UTC(2050, 0, 1)
  if (crl.nextUpdate === undefined) return 'nextUpdate is missing'
  const wrong = [crl.thisUpdate, crl.nextUpdate].some(({ at, form }) => (form === 'generalized') !== at >= first)
  return wrong ? 'GeneralizedTime before 2050' : undefined
}

export function crlFinding(code: VerdictCode, found: string, rule: string, who: Minds = checking): Finding {
  return { code, grade: 'path', field: 'CRL', found, rule, minds: who }
}

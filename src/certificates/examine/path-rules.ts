/** What holds between the certificates of one path (RFC 5280 §6.1), for one purpose at one time. */
import { isSelfIssued, type Certificate } from './certificate.ts'
import { everyone, minds, type Finding, type Minds } from './faults.ts'
import type { KeyUsage } from './extensions.ts'
import { ekuName, ekuOid } from './oids.ts'
import { signatureScheme } from './key-info.ts'
import {
  commonNamesAsHosts,
  constrainedNames,
  ConstraintState,
  type ComparisonBudget,
  type ConstraintVerdict,
} from './name-constraints.ts'
import { policiesHold } from './policies.ts'

export type ExaminedPurpose = Exclude<keyof typeof ekuOid, 'any'>

export interface PathContext {
  /** Whole seconds, in milliseconds: RFC 5280 knows no fractions. */
  readonly at: number
  readonly purpose: ExaminedPurpose
  readonly keyUsage: readonly KeyUsage[]
  /** Names of schemes such as `ECDSA_WITH_SHA256`; empty: every one. */
  readonly signatureAlgorithms: readonly string[]
  /** CAs between leaf and anchor, self-issued ones not counted. Absent: unlimited. */
  readonly maxChainDepth?: number
  readonly comparisons: ComparisonBudget
  /** False for programs that know no certificate policies. */
  readonly judgesPolicies: boolean
}

/** A finding and the position in the path it belongs to. */
export interface Located {
  readonly index: number
  readonly finding: Finding
}

/** All findings of a path, leaf first in `path`; `anchored` tells whether its last certificate is trusted. */
export function pathFindings(
  path: readonly Certificate[],
  anchored: boolean,
  context: PathContext,
): readonly Located[] {
  return [
    ...path.flatMap((certificate, index) =>
      validity(certificate, index, anchored && index === path.length - 1, context),
    ),
    ...path.flatMap((certificate, index) => (index === 0 ? [] : authority(certificate, index, path))),
    ...path.flatMap((certificate, index) => namesItsIssuer(certificate, index, path[index + 1])),
    ...depth(path, anchored, context),
    ...purposes(path, anchored, context),
    ...usage(path, context),
    ...algorithms(path, anchored, context),
    ...nameSpace(path, context),
    ...(context.judgesPolicies ? policies(path, anchored) : []),
  ]
}

/** A cheap first look at a CA, by rules that every stack holds: no path through one that fails can be accepted. */
export function mayIssue(
  { notBefore, notAfter, basicConstraints, keyUsage, extendedKeyUsage }: Certificate,
  { at, purpose }: Pick<PathContext, 'at' | 'purpose'>,
): boolean {
  const fits =
    extendedKeyUsage === undefined ||
    extendedKeyUsage.includes(ekuOid[purpose]) ||
    extendedKeyUsage.includes(ekuOid.any)
  return (
    notBefore.at <= at &&
    at <= notAfter.at &&
    basicConstraints?.ca === true &&
    (keyUsage === undefined || keyUsage.has('keyCertSign')) &&
    fits
  )
}

function located(
  index: number,
  code: Finding['code'],
  field: string,
  found: string,
  rule: string,
  who: Minds = everyone,
): Located {
  return { index, finding: { code, grade: 'path', field, found, rule, minds: who } }
}

/** Both ends of the window belong to it (RFC 5280 §4.1.2.5); Node already refuses the last second. */
function validity(
  { notBefore, notAfter }: Certificate,
  index: number,
  anchor: boolean,
  { at }: PathContext,
): readonly Located[] {
  const ended = index === 0 ? 'cert.expired' : anchor ? 'chain.root-expired' : 'chain.expired'
  const early = index === 0 ? 'cert.not-yet-valid' : 'chain.not-yet-valid'
  const after = 'notAfter is in the future (RFC 5280 §4.1.2.5)'
  if (at > notAfter.at)
    return [
      located(index, ended, 'notAfter', `ended ${isoSeconds(notAfter.at)}, ${duration(at - notAfter.at)} ago`, after),
    ]
  if (at < notBefore.at)
    return [
      located(
        index,
        early,
        'notBefore',
        `begins ${isoSeconds(notBefore.at)}, in ${duration(notBefore.at - at)}`,
        'notBefore is in the past (RFC 5280 §4.1.2.5)',
      ),
    ]
  return at === notAfter.at
    ? [located(index, ended, 'notAfter', `ends this very second, ${isoSeconds(notAfter.at)}`, after, minds('node'))]
    : []
}

/** §6.1.4 steps k to n: may the one above sign, and is there room for those below? */
function authority(certificate: Certificate, index: number, path: readonly Certificate[]): readonly Located[] {
  return [...isCa(certificate, index), ...maySign(certificate, index), ...hasRoomBelow(certificate, index, path)]
}

function isCa({ basicConstraints, version }: Certificate, index: number): readonly Located[] {
  if (basicConstraints?.ca === true) return []
  const found = basicConstraints === undefined ? `missing (v${version})` : 'cA is false'
  const rule = 'an issuer has basicConstraints cA (RFC 5280 §4.2.1.9)'
  return [located(index, 'chain.not-a-ca', 'basicConstraints', found, rule)]
}

function maySign({ keyUsage }: Certificate, index: number): readonly Located[] {
  if (keyUsage === undefined || keyUsage.has('keyCertSign')) return []
  const found = [...keyUsage].join(', ') || 'no bit set'
  const rule = 'the key usage of an issuer holds keyCertSign (RFC 5280 §4.2.1.3)'
  return [located(index, 'chain.no-cert-sign', 'keyUsage', found, rule)]
}

function hasRoomBelow({ basicConstraints }: Certificate, index: number, path: readonly Certificate[]) {
  const below = path.slice(1, index).filter((ca) => !isSelfIssued(ca)).length
  const limit = basicConstraints?.pathLength
  if (limit === undefined || below <= limit) return []
  const found = `${limit}, with ${below} CAs below`
  return [located(index, 'chain.path-too-long', 'pathLenConstraint', found, 'pathLenConstraint (RFC 5280 §4.2.1.9)')]
}

/**
 * OpenSSL takes no CA for the issuer whose key identifier or serial is another than the one that the certificate names,
 * whatever the signature says; RFC 5280 §4.2.1.1 calls both a help to find the issuer and no more.
 */
function namesItsIssuer({ authorityKeyIdentifier: named }: Certificate, index: number, issuer?: Certificate) {
  const key = issuer?.subjectKeyIdentifier
  if (named === undefined || issuer === undefined) return []
  const tell = (what: string, wanted: string, has: string): readonly Located[] => [
    located(
      index,
      'chain.issuer-mismatch',
      'authorityKeyIdentifier',
      `${what} ${wanted} is wanted, ${issuer.subject.text} has ${has}; the signature fits`,
      'the issuer has the key identifier and the serial that the certificate names (OpenSSL X509_check_issued)',
      minds('node'),
    ),
  ]
  if (named.keyIdentifier !== undefined && key !== undefined && named.keyIdentifier !== key)
    return tell('key identifier', named.keyIdentifier, key)
  if (named.serial !== undefined && named.serial !== issuer.serial.hex)
    return tell('serial', named.serial, issuer.serial.hex)
  return []
}

function depth(path: readonly Certificate[], anchored: boolean, { maxChainDepth }: PathContext): readonly Located[] {
  const between = path.slice(1, anchored ? -1 : undefined).filter((ca) => !isSelfIssued(ca)).length
  if (maxChainDepth === undefined || between <= maxChainDepth) return []
  return [located(0, 'chain.too-deep', 'chain', `${between} CAs between leaf and anchor`, `at most ${maxChainDepth}`)]
}

/** A CA that lists purposes limits the certificates below it, in every TLS stack. */
function purposes(path: readonly Certificate[], anchored: boolean, { purpose }: PathContext): readonly Located[] {
  return path.flatMap(({ extendedKeyUsage: usages }, index) => {
    if (usages === undefined || usages.includes(ekuOid[purpose])) return []
    const anchor = anchored && index === path.length - 1 && index > 0
    const any = usages.includes(ekuOid.any)
    const rule =
      index === 0
        ? `extended key usage holds ${purpose} (RFC 5280 §4.2.1.12)`
        : `every CA that lists purposes lists ${purpose}`
    const who = any
      ? index === 0
        ? minds('node', 'cabf')
        : minds('node')
      : anchor
        ? minds('node', 'lcs', 'ocs')
        : everyone
    return [
      located(
        index,
        index === 0 ? 'cert.eku-missing' : 'chain.eku-narrow',
        'extendedKeyUsage',
        usages.map(ekuName).join(', '),
        rule,
        who,
      ),
    ]
  })
}

const handshakeUsages: readonly KeyUsage[] = ['digitalSignature', 'keyEncipherment', 'keyAgreement']

/** RFC 5280 leaves it to the application; a TLS handshake needs one of three bits. */
function usage([leaf]: readonly Certificate[], { keyUsage: wanted }: PathContext): readonly Located[] {
  const present = leaf?.keyUsage
  if (present === undefined) return []
  const lacking = wanted.filter((bit) => !present.has(bit))
  const shown = [...present].join(', ') || 'no bit set'
  if (lacking.length > 0)
    return [located(0, 'cert.ku-wrong', 'keyUsage', shown, `key usage holds ${lacking.join(', ')}`)]
  if (handshakeUsages.some((bit) => present.has(bit))) return []
  return [
    located(
      0,
      'cert.ku-wrong',
      'keyUsage',
      shown,
      'key usage holds digitalSignature (RFC 5280 §4.2.1.3, RFC 8446 §4.4.2.2)',
      minds('node', 'rfc5922', 'lcs', 'ocs'),
    ),
  ]
}

function algorithms(
  path: readonly Certificate[],
  anchored: boolean,
  { signatureAlgorithms: allowed }: PathContext,
): readonly Located[] {
  if (allowed.length === 0) return []
  return path.slice(0, anchored && path.length > 1 ? -1 : undefined).flatMap(({ outerAlgorithm }, index) => {
    const name = signatureScheme(outerAlgorithm)?.name ?? outerAlgorithm.oid
    return allowed.includes(name)
      ? []
      : [located(index, 'tls.no-common-signature', 'signatureAlgorithm', name, `one of ${allowed.join(', ')}`)]
  })
}

/** §6.1.3 b and c, from the top down; self-issued CAs are let off, the leaf never is. */
function nameSpace(path: readonly Certificate[], { comparisons }: PathContext): readonly Located[] {
  const state = new ConstraintState(comparisons)
  const found: Located[] = []
  for (let index = path.length - 1; index >= 0; index -= 1) {
    const certificate = path[index]
    if (certificate === undefined) continue
    const counts = state.constrained && (index === 0 || !isSelfIssued(certificate))
    if (counts) found.push(...constraintFindings(state.check(constrainedNames(certificate)), index, everyone))
    // The CN is a host name only to programs that fall back to it.
    if (counts && index === 0 && found.length === 0)
      found.push(
        ...constraintFindings(state.check(commonNamesAsHosts(certificate)), index, minds('node', 'lcs', 'ocs')),
      )
    state.add(certificate)
  }
  return found
}

function constraintFindings(verdict: ConstraintVerdict, index: number, who: Minds): readonly Located[] {
  const rule = 'name constraints of the CAs above (RFC 5280 §4.2.1.10)'
  if (verdict.kind === 'ok') return []
  if (verdict.kind === 'too-many')
    return [
      located(index, 'chain.name-constraint', 'nameConstraints', 'more comparisons than a path may cost', rule, who),
    ]
  const because = {
    excluded: 'is excluded by',
    'not-permitted': 'is outside of',
    'not-understood': 'cannot be judged against',
    'no-authority': 'has no authority (//) and so cannot be judged against',
  }[verdict.because]
  return [
    located(
      index,
      'chain.name-constraint',
      'subjectAltName',
      `${verdict.name} ${because} ${verdict.subtree}`,
      rule,
      who,
    ),
  ]
}

function policies(path: readonly Certificate[], anchored: boolean): readonly Located[] {
  const below = anchored ? path.slice(0, -1) : path
  return below.length === 0 || policiesHold([...below].reverse())
    ? []
    : [
        located(
          0,
          'chain.policy',
          'certificatePolicies',
          'no policy is valid along the path',
          'certificate policies (RFC 5280 §6.1)',
        ),
      ]
}

function isoSeconds(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}

/** `3 d`, `5 h`, `12 s`: the largest unit that is not zero. */
function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)} d`
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)} h`
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${seconds} s`
}

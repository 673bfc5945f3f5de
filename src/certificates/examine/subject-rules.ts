/** The names a certificate carries: their form, wildcards, and the CN beside them. */
import { isIP } from 'node:net'
import { findExtension, type Certificate } from './certificate.ts'
import { attributeValues } from './distinguished-name.ts'
import { minds, ruleBooks, type Finding } from './faults.ts'
import { generalNameText, ipText, type GeneralName } from './general-name.ts'
import { isHostSyntax } from './name-constraints.ts'
import { canonicalIp } from './names.ts'
import { commonName, extensionOid } from './oids.ts'
import { isInternalName, isLoopback, publicSuffixKind } from './public-suffixes.ts'
import { finding, form, type RuleContext } from './rule.ts'

export function subjectAltNameRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const extension = findExtension(certificate, extensionOid.subjectAltName)
  const bad = (certificate.subjectAltNames ?? []).map(nameProblem).filter((problem) => problem !== undefined)
  const code = context.role === 'leaf' ? 'cert.san-malformed' : 'chain.malformed'
  const malformedNames = bad.map((problem) =>
    finding(code, 'form', 'subjectAltName', problem, 'a name in the form of RFC 5280 §4.2.1.6', ruleBooks),
  )
  const critical =
    context.role === 'leaf' && extension?.critical === true && certificate.subject.rdns.length > 0
      ? form(
          context,
          'subjectAltName',
          'critical beside a subject',
          'the SAN is critical only when the subject is empty (CA/B BR §7.1.2.7.12)',
          minds('cabf'),
        )
      : []
  return [...malformedNames, ...critical]
}

function nameProblem(name: GeneralName): string | undefined {
  switch (name.kind) {
    case 'dns':
      return isHostSyntax(name.value.replace(/^\*\./, '')) || name.value.includes('*')
        ? undefined
        : `${generalNameText(name)} is no host name`
    case 'ip':
      return name.octets.length === 4 || name.octets.length === 16
        ? undefined
        : `${generalNameText(name)} is no address`
    case 'email':
      return /^[^@\s]+@[^@\s]+$/.test(name.value) ? undefined : `${generalNameText(name)} is no mailbox`
    case 'uri':
      return /^[a-z][a-z0-9+.-]*:./i.test(name.value) ? undefined : `${generalNameText(name)} is no absolute URI`
    default:
      return undefined
  }
}

/** One wildcard label, on the left, below a name that somebody registered (CA/B BR §3.2.2.6, RFC 9525 §6.3). */
export function wildcardRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  if (context.role !== 'leaf') return []
  return (certificate.subjectAltNames ?? []).flatMap((name) => {
    if (name.kind !== 'dns' || !name.value.includes('*')) return []
    const base = name.value.replace(/^\*\.?/, '')
    if (base.includes('*') || !name.value.startsWith('*') || (base !== '' && !isHostSyntax(base))) {
      return [
        finding(
          'cert.wildcard',
          'form',
          'subjectAltName',
          generalNameText(name),
          'a wildcard is the whole label on the left (RFC 9525 §6.3)',
          minds('cabf'),
        ),
      ]
    }
    const suffix = publicSuffixKind(base)
    return suffix !== 'none'
      ? [
          finding(
            'cert.wildcard',
            suffix === 'icann' || context.profile.privateSuffixes ? 'form' : 'lint',
            'subjectAltName',
            generalNameText(name),
            'no wildcard directly below a public suffix (CA/B BR §3.2.2.6)',
            minds('cabf'),
          ),
        ]
      : []
  })
}

/** CA/B BR §7.1.4.3: the CN copies one SAN, character for character. */
export function commonNameRule(certificate: Certificate, context: RuleContext): readonly Finding[] {
  const names = (certificate.subjectAltNames ?? [])
    .filter(({ kind }) => kind === 'dns' || kind === 'ip')
    .map((name) => (name.kind === 'dns' ? name.value : ipText(name.kind === 'ip' ? name.octets : Buffer.alloc(0))))
  // A CA certificate in the place of the leaf is no subscriber certificate, so its CN may say what it likes.
  if (context.role !== 'leaf' || names.length === 0 || certificate.basicConstraints?.ca === true) return []
  return attributeValues(certificate.subject, commonName)
    .filter((value) => !names.includes(value))
    .map((value) =>
      finding(
        'cert.cn-not-in-san',
        misleads(value, names) ? 'form' : 'lint',
        'subject',
        `CN=${value}, SAN ${names.slice(0, 5).join(', ')}`,
        'the CN is a copy of one SAN (CA/B BR §7.1.4.3)',
        minds('cabf'),
      ),
    )
}

/**
 * A CN in another spelling, or naming another public host, misleads its reader. A CN that is the parent domain of a SAN
 * is untidy. So is a CN beside an internal name, or beside addresses alone: such a certificate is a private one, which
 * the requirements do not govern.
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
  return isIP(value) === 6 && (value.includes('%') || canonicalIp(value) !== value)
}

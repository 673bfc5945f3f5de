/**
 * Does a certificate carry a wanted name? Five answers, because five rule books differ (RFC 5922, RFC 9525, Node, LCS,
 * OCS).
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { Certificate } from './certificate.ts'
import { attributeValues } from './distinguished-name.ts'
import { generalNameText, ipText, type GeneralName } from './general-name.ts'
import { commonName } from './oids.ts'

/**
 * What was dialled or is expected: `{ kind: 'dns', value: 'fe1.lab.test' }`; a `uri` is a SIP domain such as
 * `sip:lab.test`.
 */
export interface WantedName {
  readonly kind: 'dns' | 'ip' | 'uri' | 'email'
  readonly value: string
}

/**
 * What was dialled: an address is looked for among the IP SANs alone (RFC 9525 §6.4, RFC 5922 §7.1). A port, the
 * brackets of IPv6 and the last dot are no part of a name, and `bücher.test` is written in certificates
 * as `xn--bcher-kva.test`.
 */
export function wantedHost(value: string): WantedName {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(value) ?? []
  const host = bracketed ?? plain ?? value
  if (isIP(host) !== 0) return { kind: 'ip', value: host }
  return { kind: 'dns', value: domainToASCII(host.replace(/\.$/, '')) || value }
}

/** Whose rules: Node's own check, SIP domain certificates, the general TLS rules, and the two Microsoft generations. */
export type NameRules = 'node' | 'rfc5922' | 'rfc9525' | 'lcs' | 'ocs'

/** How the names in a certificate count. */
export interface RuleBook {
  /** When the CN counts; `the-only-one`: without any SAN, and several CNs leave open which one is meant. */
  readonly commonName: 'always' | 'without-dns-san' | 'the-only-one' | 'never'
  /** What `*` stands for; `part-of-label` also reads `fe*.lab.test`. */
  readonly wildcards: 'refused' | 'one-label' | 'part-of-label'
  /** Whether `URI:sip:lab.test` is the domain `lab.test`. */
  readonly uriNames: 'read' | 'ignored'
}

/** The settings of a profile, or of a peer that is played: `bookOf(profile.names)`. */
export function bookOf(settings: {
  readonly commonName: 'allowed' | 'ignored'
  readonly wildcards: 'refused' | 'one-label'
  readonly uriNames?: 'read' | 'ignored'
}): RuleBook {
  const { commonName, wildcards, uriNames = 'ignored' } = settings
  return { commonName: commonName === 'allowed' ? 'without-dns-san' : 'never', wildcards, uriNames }
}

const books: Readonly<Record<NameRules, RuleBook>> = {
  node: { commonName: 'without-dns-san', wildcards: 'part-of-label', uriNames: 'ignored' },
  rfc5922: { commonName: 'the-only-one', wildcards: 'refused', uriNames: 'read' },
  rfc9525: { commonName: 'never', wildcards: 'one-label', uriNames: 'ignored' },
  lcs: { commonName: 'always', wildcards: 'one-label', uriNames: 'ignored' },
  ocs: { commonName: 'without-dns-san', wildcards: 'refused', uriNames: 'ignored' },
}

export type NameMatch =
  /** `by` is the entry that matched, e.g. `DNS:fe1.lab.test` or `CN:fe1.lab.test`. */
  | { readonly kind: 'match'; readonly by: string }
  | {
      readonly kind: 'mismatch'
      readonly because: 'none' | 'wildcard' | 'common-name-only'
      readonly offered: readonly string[]
    }

/**
 * Looks for one wanted name in a certificate.
 *
 * @see RFC 5922 §7.1 and §7.2: SIP URIs and DNS names, no wildcards, the CN only without any SAN
 * @see RFC 9525 §6: DNS and IP SANs, one wildcard label on the left, never the CN
 */
export function matchName(certificate: Certificate, wanted: WantedName, rules: NameRules | RuleBook): NameMatch {
  const book = typeof rules === 'string' ? books[rules] : rules
  const offered = offeredNames(certificate)
  const match = identities(certificate, wanted, book).find((candidate) => fits(candidate, wanted, book))
  if (match !== undefined) return { kind: 'match', by: match.text }
  return { kind: 'mismatch', because: nearMiss(certificate, wanted, book), offered }
}

/** Every name a certificate offers, the CN last: `['DNS:pool.lab.test', 'DNS:fe1.lab.test', 'CN:pool.lab.test']`. */
export function offeredNames(certificate: Certificate): readonly string[] {
  const names = (certificate.subjectAltNames ?? []).map(generalNameText)
  return [...names, ...attributeValues(certificate.subject, commonName).map((value) => `CN:${value}`)]
}

/**
 * The host names that a peer proves with its certificate, lower case, without wildcards: what lists of trusted servers
 * and partners are compared with. A SIP URI names a domain and never a host (RFC 5922 §7.1).
 */
export function hostNames(certificate: Certificate, rules: NameRules): readonly string[] {
  const names = candidates(certificate, books[rules]).flatMap(({ kind, value }) =>
    (kind === 'dns' || kind === 'cn') && !value.includes('*') ? [value.toLowerCase()] : [],
  )
  return [...new Set(names)]
}

interface Candidate {
  readonly kind: 'dns' | 'ip' | 'uri' | 'email' | 'cn'
  readonly value: string
  readonly text: string
}

/** The entries that a rule book looks at; the CN only where it allows that. */
function candidates(certificate: Certificate, book: RuleBook): readonly Candidate[] {
  const entries = (certificate.subjectAltNames ?? []).flatMap(candidateOf)
  return commonNameCounts(certificate, book) ? [...entries, ...commonNames(certificate)] : entries
}

/** For a SIP domain, DNS names count where no SIP URI gives one (RFC 5922 §7.1). */
function identities(certificate: Certificate, wanted: WantedName, book: RuleBook): readonly Candidate[] {
  const all = candidates(certificate, book)
  if (wanted.kind !== 'uri' || book.uriNames === 'ignored') return all
  const domains = all.filter(({ kind, value }) => kind === 'uri' && domainIdentity(value) !== undefined)
  return domains.length > 0 ? domains : all
}

function candidateOf(name: GeneralName): readonly Candidate[] {
  const text = generalNameText(name)
  switch (name.kind) {
    case 'dns':
    case 'uri':
    case 'email':
      return [{ kind: name.kind, value: name.value, text }]
    case 'ip':
      return [{ kind: 'ip', value: ipText(name.octets), text }]
    default:
      return []
  }
}

function commonNameCounts(certificate: Certificate, book: RuleBook): boolean {
  const names = certificate.subjectAltNames ?? []
  switch (book.commonName) {
    case 'always':
      return true
    case 'without-dns-san':
      return !names.some(({ kind }) => kind === 'dns')
    case 'the-only-one':
      return names.length === 0 && attributeValues(certificate.subject, commonName).length === 1
    case 'never':
      return false
    default:
      return book.commonName satisfies never
  }
}

function commonNames(certificate: Certificate): readonly Candidate[] {
  return attributeValues(certificate.subject, commonName).map((value) => ({ kind: 'cn', value, text: `CN:${value}` }))
}

function fits(candidate: Candidate, wanted: WantedName, book: RuleBook): boolean {
  switch (wanted.kind) {
    case 'ip':
      return candidate.kind === 'ip' && candidate.value === canonicalIp(wanted.value)
    case 'email':
      return candidate.kind === 'email' && sameMailbox(candidate.value, wanted.value)
    case 'uri':
      return fitsDomain(candidate, sipDomain(wanted.value) ?? wanted.value, book)
    case 'dns':
      return fitsDomain(candidate, wanted.value, book)
    default:
      return wanted.kind satisfies never
  }
}

function fitsDomain(candidate: Candidate, wanted: string, book: RuleBook): boolean {
  if (isIP(wanted) !== 0) return candidate.kind === 'ip' && candidate.value === canonicalIp(wanted)
  if (candidate.kind === 'uri')
    return book.uriNames === 'read' && sameHost(domainIdentity(candidate.value) ?? '', wanted)
  if (candidate.kind !== 'dns' && candidate.kind !== 'cn') return false
  return candidate.value.includes('*') ? fitsWildcard(candidate.value, wanted, book) : sameHost(candidate.value, wanted)
}

/** One whole label on the left (RFC 9525 §6.3), where wildcards count at all. */
function fitsWildcard(pattern: string, wanted: string, book: RuleBook): boolean {
  if (book.wildcards === 'refused') return false
  const [first = '', ...rest] = labels(pattern)
  const [label = '', ...others] = labels(wanted)
  if (rest.length < 2 || rest.some((part) => part.includes('*')) || label === '') return false
  if (rest.join('.') !== others.join('.')) return false
  if (first === '*') return true
  return book.wildcards === 'part-of-label' && fitsPartial(first, label)
}

function fitsPartial(pattern: string, label: string): boolean {
  if (pattern.includes('xn--')) return false
  const [prefix = '', suffix = '', ...more] = pattern.split('*')
  return (
    more.length === 0 &&
    label.length >= prefix.length + suffix.length &&
    label.startsWith(prefix) &&
    label.endsWith(suffix)
  )
}

/** What would have matched under other rules: the difference an administrator has to know. */
function nearMiss(
  certificate: Certificate,
  wanted: WantedName,
  book: RuleBook,
): 'none' | 'wildcard' | 'common-name-only' {
  const entries = [...(certificate.subjectAltNames ?? []).flatMap(candidateOf), ...commonNames(certificate)]
  const near = entries.find((candidate) => fits(candidate, wanted, books.node))
  if (near === undefined) return 'none'
  if (near.value.includes('*') && !fits(near, wanted, book)) return 'wildcard'
  return near.kind === 'cn' ? 'common-name-only' : 'none'
}

function labels(host: string): readonly string[] {
  return host.toLowerCase().replace(/\.$/, '').split('.')
}

function sameHost(one: string, other: string): boolean {
  return one !== '' && labels(one).join('.') === labels(other).join('.')
}

/** The local part keeps its case, the domain does not (RFC 5280 §7.5). */
function sameMailbox(one: string, other: string): boolean {
  const [local, host] = splitMailbox(one)
  const [otherLocal, otherHost] = splitMailbox(other)
  return local === otherLocal && host === otherHost
}

function splitMailbox(mailbox: string): readonly [string, string] {
  const at = mailbox.lastIndexOf('@')
  return [mailbox.slice(0, Math.max(0, at)), mailbox.slice(at + 1).toLowerCase()]
}

/** `sip:lab.test` gives `lab.test`; a URI with a user names a person, not a domain (RFC 5922 §7.1). */
function sipDomain(uri: string): string | undefined {
  return /^sips?:([^@;?:/]+)(?::\d+)?(?:[;?].*)?$/i.exec(uri)?.[1]?.toLowerCase()
}

/** What a URI in a SAN says under RFC 5922 §7.1: the scheme is `sip`, not `sips`, and there is no user part. */
function domainIdentity(uri: string): string | undefined {
  return /^sip:/i.test(uri) ? sipDomain(uri) : undefined
}

/** One spelling per address: `::1`, `192.0.2.1`; text that is no address, or has a zone (`fe80::1%eth0`), stays. */
export function canonicalIp(text: string): string {
  return isIP(text) === 6 && !text.includes('%') ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : text
}

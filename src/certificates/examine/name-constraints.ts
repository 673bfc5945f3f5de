/**
 * Name constraints along a path (RFC 5280 §4.2.1.10, §6.1.3 b and c): every name below must lie in, and none outside.
 */
import { isIP } from 'node:net'
import type { Certificate } from './certificate.ts'
import { attributeValues, distinguishedName, isWithin } from './distinguished-name.ts'
import type { Subtree } from './extensions.ts'
import { generalNameText, type GeneralName } from './general-name.ts'
import { commonName, emailAddress } from './oids.ts'

export type ConstraintVerdict =
  | { readonly kind: 'ok' }
  | {
      readonly kind: 'violation'
      readonly name: string
      readonly because: 'excluded' | 'not-permitted' | 'not-understood' | 'no-authority'
      readonly subtree: string
    }
  /** More comparisons than a path may cost. */
  | { readonly kind: 'too-many' }

/** Comparisons one examination may cost, over all its paths: 3,000 names against 80 constraints. */
export interface ComparisonBudget {
  left: number
}

export function comparisonBudget(): ComparisonBudget {
  return { left: 262_144 }
}

/** Gathers the constraints from the anchor downwards; one per path. */
export class ConstraintState {
  readonly #permitted: (readonly Subtree[])[] = []
  readonly #excluded: Subtree[] = []
  readonly #budget: ComparisonBudget

  constructor(budget: ComparisonBudget) {
    this.#budget = budget
  }

  get constrained(): boolean {
    return this.#permitted.length > 0 || this.#excluded.length > 0
  }

  /** Takes the constraints of a CA; what was permitted before stays a limit (an intersection). */
  add(ca: Certificate): void {
    const { permitted, excluded } = ca.nameConstraints ?? {}
    if (permitted !== undefined && permitted.length > 0) this.#permitted.push(permitted)
    if (excluded !== undefined) this.#excluded.push(...excluded)
  }

  /** Checks all names of a certificate below the CAs that were added. */
  check(names: readonly GeneralName[]): ConstraintVerdict {
    for (const name of names) {
      const verdict = this.#checkOne(name)
      if (verdict.kind !== 'ok') return verdict
    }
    return { kind: 'ok' }
  }

  #checkOne(name: GeneralName): ConstraintVerdict {
    for (const layer of this.#permitted) {
      const relevant = this.#relevant(layer, name)
      if (relevant === undefined) return { kind: 'too-many' }
      const [first] = relevant
      if (first === undefined) continue
      if (!understood(name)) return violation(name, 'not-understood', first)
      if (lacksAuthority(name)) return violation(name, 'no-authority', first)
      if (!relevant.some(({ base }) => covers(base, name))) return violation(name, 'not-permitted', first)
    }
    const excluded = this.#relevant(this.#excluded, name)
    if (excluded === undefined) return { kind: 'too-many' }
    const hit = excluded.find(({ base }) => !understood(name) || covers(base, name) || mayMatch(name, base))
    if (hit === undefined) return { kind: 'ok' }
    if (lacksAuthority(name)) return violation(name, 'no-authority', hit)
    return violation(name, understood(name) ? 'excluded' : 'not-understood', hit)
  }

  #relevant(subtrees: readonly Subtree[], name: GeneralName): readonly Subtree[] | undefined {
    this.#budget.left -= subtrees.length
    return this.#budget.left < 0 ? undefined : subtrees.filter(({ base }) => sameForm(base, name))
  }
}

/** All names a constraint applies to: the subject, its e-mail addresses when the SAN has none, and the SAN. */
export function constrainedNames(certificate: Certificate): readonly GeneralName[] {
  const alternative = certificate.subjectAltNames ?? []
  const subject: readonly GeneralName[] =
    certificate.subject.rdns.length === 0
      ? []
      : [{ kind: 'directory', name: distinguishedName(certificate.subject.rdns) }]
  const hasMailbox = alternative.some(({ kind }) => kind === 'email')
  const mailboxes = hasMailbox
    ? []
    : attributeValues(certificate.subject, emailAddress).map((value): GeneralName => ({ kind: 'email', value }))
  return [...subject, ...mailboxes, ...alternative]
}

/** The CNs that Node and Windows read as host names: only in a certificate without a DNS SAN. */
export function commonNamesAsHosts(certificate: Certificate): readonly GeneralName[] {
  if (certificate.subjectAltNames?.some(({ kind }) => kind === 'dns') === true) return []
  return attributeValues(certificate.subject, commonName)
    .filter(looksLikeHost)
    .map((value) => ({ kind: 'dns', value }))
}

function looksLikeHost(text: string): boolean {
  return isIP(text) === 0 && /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\.?$/i.test(text)
}

/** Why a subtree is not in the form of RFC 5280 §4.2.1.10; absent when it is. */
export function subtreeProblem({ base, plain }: Subtree): string | undefined {
  if (!plain) return `${generalNameText(base)} has a minimum or maximum`
  switch (base.kind) {
    case 'dns':
      return base.value === '' || isHostSyntax(base.value) ? undefined : `${generalNameText(base)} is no domain name`
    case 'ip':
      return maskIsPrefix(base.octets) ? undefined : `${generalNameText(base)} is no address with a mask`
    case 'email':
      return mailboxConstraintSyntax(base.value) ? undefined : `${generalNameText(base)} is no mailbox, host or domain`
    case 'uri':
      return isHostSyntax(base.value.replace(/^\./, '')) ? undefined : `${generalNameText(base)} is no host or domain`
    default:
      return undefined
  }
}

function mailboxConstraintSyntax(value: string): boolean {
  const parts = value.split('@')
  if (parts.length === 1) return isHostSyntax(value.replace(/^\./, ''))
  return parts.length === 2 && parts[0] !== '' && isHostSyntax(parts[1] ?? '')
}

/** Labels of letters, digits and hyphens (RFC 1034 §3.5 as relaxed by RFC 1123 §2.1). */
export function isHostSyntax(text: string): boolean {
  return text.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/i.test(text)
}

function maskIsPrefix(octets: Buffer): boolean {
  if (octets.length !== 8 && octets.length !== 32) return false
  const bits = [...octets.subarray(octets.length / 2)].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits)
}

function sameForm(base: GeneralName, name: GeneralName): boolean {
  if (base.kind === 'other' || base.kind === 'srv')
    return name.kind === base.kind && (base.kind === 'srv' || (name.kind === 'other' && name.oid === base.oid))
  return base.kind === name.kind
}

/** A constraint on a form without a defined rule must be refused, not ignored (RFC 5280 §4.2.1.10). */
function understood(name: GeneralName): boolean {
  return (
    name.kind === 'dns' ||
    name.kind === 'ip' ||
    name.kind === 'email' ||
    name.kind === 'uri' ||
    name.kind === 'directory'
  )
}

function covers(base: GeneralName, name: GeneralName): boolean {
  if (base.kind === 'dns' && name.kind === 'dns') return hostWithin(name.value.replace(/^\*\./, ''), base.value)
  if (base.kind === 'ip' && name.kind === 'ip') return addressWithin(name.octets, base.octets)
  if (base.kind === 'email' && name.kind === 'email') return mailboxWithin(name.value, base.value)
  if (base.kind === 'uri' && name.kind === 'uri') return uriWithin(name.value, base.value)
  return base.kind === 'directory' && name.kind === 'directory' && isWithin(name.name, base.name)
}

/**
 * `*.example.com` would accept an excluded `bar.example.com`, so it is excluded too (CVE-2025-61727); a trailing dot
 * does not hide a name.
 */
function mayMatch(name: GeneralName, base: GeneralName): boolean {
  if (lacksAuthority(name)) return true
  if (name.kind !== 'dns' || base.kind !== 'dns') return false
  if (name.value.endsWith('.') && hostWithin(name.value.replace(/\.$/, ''), base.value)) return true
  if (!name.value.startsWith('*.')) return false
  const [, ...parent] = base.value.toLowerCase().replace(/^\./, '').split('.')
  return parent.join('.') === name.value.slice(2).toLowerCase()
}

/**
 * Zero or more labels added on the left; a leading dot, which many CAs write, asks for at least one. A DNS name in a
 * certificate has no dot at its end (RFC 5280 §4.2.1.6), and OpenSSL finds one with a dot outside.
 */
function hostWithin(host: string, base: string): boolean {
  const name = host.toLowerCase()
  const tree = base.toLowerCase().replace(/\.$/, '')
  if (tree === '') return true
  if (tree.startsWith('.')) return name.endsWith(tree)
  return name === tree || name.endsWith(`.${tree}`)
}

function addressWithin(address: Buffer, base: Buffer): boolean {
  if (base.length !== address.length * 2) return false
  return address.every((octet, index) => ((octet ^ (base[index] ?? 0)) & (base[address.length + index] ?? 0)) === 0)
}

function mailboxWithin(mailbox: string, base: string): boolean {
  const at = mailbox.lastIndexOf('@')
  const host = mailbox.slice(at + 1).toLowerCase()
  if (base.includes('@')) {
    const baseAt = base.lastIndexOf('@')
    return mailbox.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase()
  }
  return base.startsWith('.') ? host.endsWith(base.toLowerCase()) : host === base.toLowerCase()
}

function uriWithin(uri: string, base: string): boolean {
  const host = uriHost(uri)
  if (host === undefined) return false
  return base.startsWith('.') ? host.endsWith(base.toLowerCase()) : host === base.toLowerCase()
}

/**
 * No constraint of URIs can hold a URI without an authority that names a host: it must be refused (RFC 5280
 * §4.2.1.10). `sip:lab.test` is one, so a CA with a constraint of URIs cannot issue for a SIP domain (RFC 5922 §7.1);
 * OpenSSL and Go refuse it as well.
 */
function lacksAuthority(name: GeneralName): boolean {
  return name.kind === 'uri' && uriHost(name.value) === undefined
}

/** The host of `https://host/`; an address is none. */
function uriHost(uri: string): string | undefined {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#[\]]+)/i.exec(uri)?.[1]?.toLowerCase()
  return host === undefined || isIP(host) !== 0 ? undefined : host
}

function violation(
  name: GeneralName,
  because: 'excluded' | 'not-permitted' | 'not-understood' | 'no-authority',
  subtree: Subtree,
): ConstraintVerdict {
  return { kind: 'violation', name: generalNameText(name), because, subtree: generalNameText(subtree.base) }
}

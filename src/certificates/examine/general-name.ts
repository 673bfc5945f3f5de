/** General names (RFC 5280 §4.2.1.6): the entries of a SAN, of name constraints and of distribution points. */
import { isIPv6 } from 'node:net'
import { Tag, contextTag, type DerElement, type DerReader, oidText, readOid } from './der.ts'
import { directoryString, readDistinguishedName, type DistinguishedName } from './distinguished-name.ts'
import { srvName } from './oids.ts'

export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  /** The raw octets; 4 or 16 for an address, 8 or 32 for a constraint. */
  | { readonly kind: 'ip'; readonly octets: Buffer }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  /** RFC 4985, e.g. `_sip.example.com`. */
  | { readonly kind: 'srv'; readonly value: string }
  | { readonly kind: 'other'; readonly oid: string }
  | { readonly kind: 'registered'; readonly oid: string }
  | { readonly kind: 'unsupported'; readonly tag: number }

const maxNames = 20_000

/** Reads `GeneralNames`: at least one, and no more than a hostile certificate may cost. */
export function readGeneralNames(list: DerReader, what: string): readonly GeneralName[] {
  const names: GeneralName[] = []
  while (!list.done) {
    names.push(readGeneralName(list, what))
    if (names.length > maxNames) throw list.error(`${what} has more than ${maxNames} names`)
  }
  if (names.length === 0) throw list.error(`${what} is empty`)
  return names
}

export function readGeneralName(reader: DerReader, what: string): GeneralName {
  const element = reader.any(what)
  switch (element.tag) {
    case contextTag(0, true):
      return readOtherName(reader.inside(element), what)
    case contextTag(1):
      return { kind: 'email', value: ascii(reader, element, what) }
    case contextTag(2):
      return { kind: 'dns', value: ascii(reader, element, what) }
    case contextTag(3, true):
    case contextTag(5, true):
      return { kind: 'unsupported', tag: element.tag }
    case contextTag(4, true):
      return { kind: 'directory', name: readDistinguishedName(reader.inside(element), what) }
    case contextTag(6):
      return { kind: 'uri', value: ascii(reader, element, what) }
    case contextTag(7):
      return { kind: 'ip', octets: element.content }
    case contextTag(8):
      return {
        kind: 'registered',
        oid: oidText(element.content, () => reader.error(`${what} has a bad registered id`, element.offset)),
      }
    default:
      throw reader.error(`${what} holds tag 0x${element.tag.toString(16)}, which is no general name`, element.offset)
  }
}

/** `DNS:fe1.lab.test`, `URI:sip:lab.test`, `IP:127.0.0.1`: as verdicts and tools print them. */
export function generalNameText(name: GeneralName): string {
  switch (name.kind) {
    case 'dns':
      return `DNS:${printable(name.value)}`
    case 'uri':
      return `URI:${printable(name.value)}`
    case 'email':
      return `email:${printable(name.value)}`
    case 'ip':
      return `IP:${ipText(name.octets)}`
    case 'directory':
      return `DirName:${name.name.text}`
    case 'srv':
      return `SRV:${printable(name.value)}`
    case 'other':
      return `otherName:${name.oid}`
    case 'registered':
      return `RID:${name.oid}`
    case 'unsupported':
      return `unsupported:0x${name.tag.toString(16)}`
    default:
      return name satisfies never
  }
}

/** `192.0.2.1`, `2001:db8::1` in the form of RFC 5952, `192.0.2.0/255.255.255.0` for a constraint, hex for the rest. */
export function ipText(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 16) return ipv6Text(octets)
  if (octets.length === 8 || octets.length === 32) {
    const half = octets.length / 2
    return `${ipText(octets.subarray(0, half))}/${ipText(octets.subarray(half))}`
  }
  return `#${octets.toString('hex')}`
}

function ipv6Text(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16)).join(':')
  // The URL parser writes RFC 5952 form; an address it would refuse cannot come out of sixteen octets.
  return isIPv6(groups) ? new URL(`http://[${groups}]/`).hostname.slice(1, -1) : groups
}

function readOtherName(reader: DerReader, what: string): GeneralName {
  const oid = readOid(reader, `${what} otherName type`)
  const value = reader.inside(reader.take(contextTag(0, true), `${what} otherName value`))
  if (oid !== srvName) return { kind: 'other', oid }
  return { kind: 'srv', value: srvText(value, what) }
}

function srvText(reader: DerReader, what: string): string {
  const element = reader.take(Tag.ia5String, `${what} SRV name`)
  return directoryString(element.tag, element.content)
}

/** IA5String holds seven bits (RFC 5280 §7.2): raw UTF-8 is a fault of the issuer. */
function ascii(reader: DerReader, element: DerElement, what: string): string {
  const bad = element.content.findIndex((octet) => octet > 0x7f || octet === 0)
  if (bad >= 0)
    throw reader.error(
      `${what} holds octet 0x${(element.content[bad] ?? 0).toString(16)}, IA5String holds ASCII`,
      element.offset + bad,
    )
  return element.content.toString('latin1')
}

function printable(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

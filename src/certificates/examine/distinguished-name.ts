/** Distinguished names: reading, showing (RFC 4514) and comparing (RFC 5280 §7.1). */
import { Tag, type DerReader, readOid } from './der.ts'
import { attributeName } from './oids.ts'

interface NameAttribute {
  readonly oid: string
  readonly value: string
}

/** One level of a name; nearly always one attribute. */
export type RelativeName = readonly NameAttribute[]

export interface DistinguishedName {
  /** From the root downwards, as encoded. */
  readonly rdns: readonly RelativeName[]
  /** `CN=fe1.lab.test,O=Lab` (RFC 4514: the last encoded comes first). Empty for an empty name. */
  readonly text: string
  /** One key per RDN, folded for comparison: case and inner spaces do not count. */
  readonly keys: readonly string[]
  /** All keys in one, to compare whole names. */
  readonly key: string
}

const maxAttributes = 4096

/** Reads a `Name` from the reader it is the next value of. */
export function readDistinguishedName(reader: DerReader, what: string): DistinguishedName {
  const list = reader.sequence(what)
  const rdns: RelativeName[] = []
  let count = 0
  while (!list.done) {
    const rdn = readRelativeName(list.inside(list.take(Tag.set, `${what} RDN`)), what)
    count += rdn.length
    if (count > maxAttributes) throw list.error(`${what} has more than ${maxAttributes} attributes`)
    rdns.push(rdn)
  }
  return distinguishedName(rdns)
}

export function distinguishedName(rdns: readonly RelativeName[]): DistinguishedName {
  const keys = rdns.map((rdn) =>
    rdn
      .map((attribute) => `${attribute.oid}=${fold(attribute.value)}`)
      .sort()
      .join('+'),
  )
  return { rdns, text: [...rdns].reverse().map(relativeText).join(','), keys, key: keys.join('\u0000') }
}

export function sameName(one: DistinguishedName, other: DistinguishedName): boolean {
  return one.key === other.key
}

/** True when `name` is in the subtree under `base` (RFC 5280 §4.2.1.10, directoryName). */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.keys.length <= name.keys.length && base.keys.every((key, index) => key === name.keys[index])
}

/** Every value of one attribute type, e.g. all CNs. */
export function attributeValues(name: DistinguishedName, oid: string): readonly string[] {
  return name.rdns.flatMap((rdn) =>
    rdn.filter((attribute) => attribute.oid === oid).map((attribute) => attribute.value),
  )
}

function readRelativeName(set: DerReader, what: string): RelativeName {
  const attributes: NameAttribute[] = []
  while (!set.done) {
    const pair = set.sequence(`${what} attribute`)
    const oid = readOid(pair, `${what} attribute type`)
    const value = pair.any(`${what} attribute value`)
    pair.end(`${what} attribute`)
    attributes.push({ oid, value: directoryString(value.tag, value.content) })
  }
  if (attributes.length === 0) throw set.error(`${what} has an empty RDN`)
  return attributes
}

/** The text of a DirectoryString; what is no string shows as `#` and hex (RFC 4514 §2.4). */
export function directoryString(tag: number, content: Buffer): string {
  switch (tag) {
    case Tag.utf8String:
      return content.toString('utf8')
    case Tag.bmpString:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : hexText(content)
    case Tag.universalString:
      return universalText(content)
    case Tag.printableString:
    case Tag.ia5String:
    case Tag.numericString:
    case Tag.visibleString:
    case Tag.teletexString:
      return content.toString('latin1')
    default:
      return hexText(content)
  }
}

function universalText(content: Buffer): string {
  if (content.length % 4 !== 0) return hexText(content)
  const points: string[] = []
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at)
    if (point > 0x10ffff) return hexText(content)
    points.push(String.fromCodePoint(point))
  }
  return points.join('')
}

function hexText(content: Buffer): string {
  return `#${content.toString('hex')}`
}

function fold(value: string): string {
  return value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
}

function relativeText(rdn: RelativeName): string {
  return rdn.map((attribute) => `${attributeName(attribute.oid)}=${escapeValue(attribute.value)}`).join('+')
}

/** RFC 4514 §2.4, and control characters as hex so that a name cannot disturb a log or a terminal. */
function escapeValue(value: string): string {
  const escaped = value.replace(/[",+;<>\\]/g, (character) => `\\${character}`)
  const shown = escaped.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return shown.replace(/^[ #]|(?<!\\) $/g, (character) => `\\${character}`)
}

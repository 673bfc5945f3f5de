/** The private key of a file, or beside it. */
import { keyText } from '../../certificates/examine/key-info.ts'
import type { Arrangement } from './arrange.ts'
import { readBundle } from './bundle.ts'
import { findingOf, type FileFinding } from './finding.ts'
import { titleOf, type Bundle, type CertificateItem, type KeyItem } from './items.ts'

/** A key in the file, and whether the key belongs to the leaf. */
export function keyFindings(
  bundle: Bundle,
  certificates: readonly CertificateItem[],
  { leafs }: Arrangement,
  { key, password }: { readonly key?: Buffer; readonly password?: string },
): readonly FileFinding[] {
  const inside = bundle.items.filter((item) => item.kind === 'key')
  const [first] = inside
  const said =
    first !== undefined && certificates.length > 0 && bundle.format !== 'PKCS #12'
      ? [findingOf('file.key-inside', { where: first.where, why: keyInsideText(first) })]
      : []
  const beside = key === undefined ? [] : readBundle(key, password === undefined ? {} : { password }).items
  const keys = beside.filter((item) => item.kind === 'key')
  const unreadable =
    key !== undefined && keys.length === 0
      ? [findingOf('key.malformed', { where: 'the key file', why: 'it holds no private key that can be read' })]
      : []
  const asked = keys.length > 0 ? keys : inside
  return [...said, ...unreadable, ...closed(asked, leafs), ...mismatch(asked, leafs)]
}

function keyInsideText({ encrypted }: KeyItem): string {
  const found = `a private key${encrypted ? ', encrypted,' : ''} is in the same file`
  return `${found}; HAProxy and baresip want it so, others must not see it`
}

/** An encrypted key that was not opened: which certificate it belongs to is not known. */
function closed(keys: readonly KeyItem[], [leaf]: readonly CertificateItem[]): readonly FileFinding[] {
  const [key] = keys
  if (leaf === undefined || key === undefined || keys.some(({ publicKey }) => publicKey !== undefined)) return []
  const why = `the private key is encrypted: whether it belongs to ${titleOf(leaf.certificate)} was not looked at`
  return [findingOf('key.encrypted', { where: key.where, why, rule: 'a server that starts alone reads its key alone' })]
}

function mismatch(keys: readonly KeyItem[], [leaf, ...others]: readonly CertificateItem[]): readonly FileFinding[] {
  const open = keys.filter(({ publicKey }) => publicKey !== undefined)
  if (leaf === undefined || open.length === 0 || open.some((key) => fits(key, leaf))) return []
  const other = others.find((item) => open.some((key) => fits(key, item)))
  const owner = other === undefined ? '' : `; it belongs to ${other.where}, ${titleOf(other.certificate)}`
  const wanted = `${titleOf(leaf.certificate)} (${keyText(leaf.certificate.publicKey)})`
  const why = `the key (${open[0]?.text ?? ''}) does not belong to ${wanted}${owner}`
  return [findingOf('key.mismatch', { where: open[0]?.where ?? 'the key', why })]
}

function fits({ publicKey }: KeyItem, { certificate }: CertificateItem): boolean {
  return publicKey?.equals(certificate.subjectPublicKeyInfo) === true
}

/** What is wrong with a file beside its chain: order, root, further servers, ended certificates, no certificate. */
import { generalNameText } from '../../certificates/examine/general-name.ts'
import { keyText } from '../../certificates/examine/key-info.ts'
import type { Certificate } from '../../certificates/examine/index.ts'
import { isOutOfOrder, isRoot, unrelated, type Arrangement } from './arrange.ts'
import { findingOf, type FileFinding } from './finding.ts'
import { titleOf, type Bundle, type CertificateItem, type FileFormat, type Item } from './items.ts'
import type { JudgeOptions } from './judge.ts'

/** A file whose leaf was judged. */
export interface FileView {
  readonly format: FileFormat
  readonly certificates: readonly CertificateItem[]
  readonly all: Arrangement
  readonly path: readonly Certificate[]
  readonly judging: JudgeOptions
}

/** Order, root, further leafs and names. */
export function fileFindings(
  leaf: CertificateItem,
  { format, certificates, all, path, judging }: FileView,
): readonly FileFinding[] {
  const order = isOutOfOrder(path, certificates) ? [orderFinding(leaf, certificates, format)] : []
  const root = path.find((certificate, index) => index > 0 && isRoot(certificate))
  const rootItem =
    root === undefined ? undefined : certificates.find(({ certificate }) => certificate.der.equals(root.der))
  const included =
    rootItem === undefined
      ? []
      : [
          findingOf('file.root-included', {
            where: rootItem.where,
            why:
              `${rootItem.certificate.subject.text} is a root; peers have it in their trust list, ` +
              'and the handshake grows by it',
          }),
        ]
  const others = otherLeafs(leaf, all, judging)
  return [
    ...order,
    ...included,
    ...others,
    ...endedExtras(path, all, judging),
    ...namesFindings(leaf, judging),
    ...usageFindings(leaf),
  ]
}

/** A PEM file is read from its start: its first certificate is the one that the key is compared with. */
function orderFinding(
  leaf: CertificateItem,
  certificates: readonly CertificateItem[],
  format: FileFormat,
): FileFinding {
  const names = certificates.slice(0, 6).map(({ certificate }) => titleOf(certificate))
  const found = `the file holds ${names.join(', then ')}`
  const finding = (why: string): FileFinding => findingOf('chain.out-of-order', { where: leaf.where, why })
  const [first] = certificates
  if (first === leaf || first === undefined || format !== 'PEM')
    return finding(`${found}; TLS 1.2 and many servers want the leaf first, then each issuer`)
  const why = `${found}; a server takes ${titleOf(first.certificate)} for its own, whose key it does not have`
  return { ...finding(why), weight: 'error' }
}

/** An ended CA certificate beside the chain: old peers follow it and refuse. */
function endedExtras(path: readonly Certificate[], all: Arrangement, { at }: JudgeOptions): readonly FileFinding[] {
  return unrelated(path, all.authorities)
    .filter(({ certificate }) => certificate.notAfter.at < at.getTime())
    .slice(0, 5)
    .map(({ certificate, where }) => ({
      ...findingOf('chain.expired', {
        where,
        why:
          `${certificate.subject.text} ended ${new Date(certificate.notAfter.at).toISOString()}; ` +
          'the chain does not need it, and old peers that follow it refuse',
      }),
      weight: 'warning',
      remedy: 'remove it from the file',
    }))
}

/** What peers of SIP say to the names of any server, whichever name they dial. */
function namesFindings({ certificate, where }: CertificateItem, { role }: JudgeOptions): readonly FileFinding[] {
  if (role === 'client') return []
  const names = certificate.subjectAltNames ?? []
  if (!names.some(({ kind }) => kind === 'dns' || kind === 'ip' || kind === 'uri'))
    return [
      findingOf('cert.san-missing', { where, why: `only the subject ${certificate.subject.text} carries a name` }),
    ]
  const wild = names.find((name) => name.kind === 'dns' && name.value.includes('*'))
  if (wild?.kind !== 'dns') return []
  const why = `${generalNameText(wild)} matches no name by the rules of SIP; ${otherReaders(wild.value)}`
  return [{ ...findingOf('cert.wildcard', { where, why }), weight: 'warning' }]
}

/** An elliptic key can only sign, and that is what the certificate must allow (RFC 8446 §4.4.2.2, RFC 8422 §3). */
function usageFindings({ certificate: { keyUsage, publicKey }, where }: CertificateItem): readonly FileFinding[] {
  const elliptic = publicKey.kind === 'ec' || publicKey.kind === 'edwards'
  if (!elliptic || keyUsage === undefined || keyUsage.has('digitalSignature')) return []
  const why = `the key (${keyText(publicKey)}) may be used for ${[...keyUsage].join(', ')}, not to sign: TLS 1.2 fails`
  return [findingOf('cert.ku-wrong', { where, why })]
}

/** RFC 9525 §6.3: the whole first label, and more than one label behind it. */
function otherReaders(wildcard: string): string {
  if (/^\*(?:\.[^*.]+){2,}$/.test(wildcard)) return 'browsers and Microsoft Teams take it'
  return 'most programs that take wildcards want one as the whole first label, with two labels behind it'
}

/** A second server in the file: the old certificate behind the new one, or a key of another type. */
function otherLeafs(leaf: CertificateItem, all: Arrangement, { at }: JudgeOptions): readonly FileFinding[] {
  const others = all.leafs.filter((item) => item !== leaf)
  const [second] = others
  if (second === undefined) return []
  const same = second.certificate.subject.text === leaf.certificate.subject.text
  const why = same
    ? `${second.where} holds another certificate of ${second.certificate.subject.text}`
    : `${leaf.where} is of ${leaf.certificate.subject.text}, ${second.where} of ${second.certificate.subject.text}`
  const ended = others
    .filter(({ certificate }) => certificate.notAfter.at < at.getTime())
    .slice(0, 5)
    .map(({ certificate, where }) =>
      findingOf('cert.expired', {
        where,
        why: `${certificate.subject.text} ended ${new Date(certificate.notAfter.at).toISOString()}`,
      }),
    )
  return [findingOf('file.two-leafs', { where: second.where, why }), ...ended]
}

/** No certificate of a server: a list of authorities, a request, a key, or nothing at all. */
export function withoutLeaf(bundle: Bundle, all: Arrangement, { at }: JudgeOptions): readonly FileFinding[] {
  const dates = all.authorities
    .filter(({ certificate }) => certificate.notAfter.at < at.getTime())
    .slice(0, 10)
    .map(({ certificate, where }) =>
      findingOf(isRoot(certificate) ? 'chain.root-expired' : 'chain.expired', {
        where,
        why: `${certificate.subject.text} ended ${new Date(certificate.notAfter.at).toISOString()}`,
      }),
    )
  if (all.authorities.length > 0) return dates
  const kinds = new Set(bundle.items.map(({ kind }) => kind))
  if (kinds.has('request'))
    return [
      findingOf('file.wrong-kind', {
        where: firstOf(bundle.items, 'request'),
        why: 'a signing request is no certificate: an authority has to sign it first',
      }),
    ]
  if (kinds.has('key') && !kinds.has('crl'))
    return [
      findingOf('file.wrong-kind', {
        where: firstOf(bundle.items, 'key'),
        why: 'the file holds a private key and no certificate',
      }),
    ]
  if (kinds.has('other') && !kinds.has('crl') && !kinds.has('broken'))
    return [
      findingOf('file.wrong-kind', {
        where: firstOf(bundle.items, 'other'),
        why: `the file holds ${otherThing(bundle.items)} and no certificate`,
      }),
    ]
  return []
}

/** `a public key`, `DH parameters`. */
function otherThing(items: readonly Item[]): string {
  const label = items.find((item) => item.kind === 'other')?.label ?? ''
  return label.endsWith('PUBLIC KEY') ? 'a public key' : label
}

function firstOf(items: readonly Item[], kind: Item['kind']): string {
  return items.find((item) => item.kind === kind)?.where ?? 'the file'
}

/** A CRL of the file that has gone stale. */
export function listFindings(items: readonly Item[], at: Date): readonly FileFinding[] {
  return items.flatMap((item) => {
    if (item.kind !== 'crl' || item.crl.nextUpdate === undefined || item.crl.nextUpdate.at >= at.getTime()) return []
    const ended = new Date(item.crl.nextUpdate.at).toISOString()
    return [findingOf('crl.expired', { where: item.where, why: `the CRL of ${item.crl.issuer.text} ended ${ended}` })]
  })
}

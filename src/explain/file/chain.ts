/** The chain as it ought to be sent. */
import { sameCertificate } from '../../certificates/examine/certificate.ts'
import { verdictCertificate, type Certificate } from '../../certificates/examine/index.ts'
import { keyText } from '../../certificates/examine/key-info.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import { isRoot } from './arrange.ts'
import type { CertificateItem } from './items.ts'

/** One step of the chain, leaf first. */
export interface ChainLink {
  /**
   * `send`: the server sends it, at this position. `trust`: a root, which peers have in their trust list. `missing`:
   * not in the file.
   */
  readonly place: 'send' | 'trust' | 'missing'
  readonly subject: string
  /** e.g. `block 2 (line 31)`; absent where the file does not hold it. */
  readonly where?: string
  /** e.g. `RSA 2048`. */
  readonly key?: string
  readonly certificate?: VerdictCertificate
}

export interface Chain {
  readonly links: readonly ChainLink[]
  /** In the file, and not to be sent with this chain. */
  readonly others: readonly ChainLink[]
}

/** The chain above `path[0]`. An issuer of the last certificate that was not found is the last link, as `missing`. */
export function chainOf(path: readonly Certificate[], items: readonly CertificateItem[]): Chain {
  const links = path.map((certificate, index) => linkOf(certificate, index, items))
  const top = path.at(-1)
  const above: ChainLink[] =
    top === undefined || isRoot(top) ? [] : [{ place: 'missing', subject: top.issuer.text.slice(0, 1000) }]
  const others = items
    .filter(({ certificate }) => !path.some((one) => sameCertificate(one, certificate)))
    .slice(0, 100)
    .map(({ certificate }) => linkOf(certificate, 1, items))
  return { links: [...links, ...above], others }
}

function linkOf(certificate: Certificate, index: number, items: readonly CertificateItem[]): ChainLink {
  const where = items.find((item) => sameCertificate(item.certificate, certificate))?.where
  const root = index > 0 && isRoot(certificate)
  return {
    place: root ? 'trust' : where === undefined ? 'missing' : 'send',
    subject: certificate.subject.text.slice(0, 1000),
    ...(where === undefined ? {} : { where }),
    key: keyText(certificate.publicKey),
    certificate: verdictCertificate(certificate),
  }
}

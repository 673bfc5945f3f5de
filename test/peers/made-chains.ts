/** Chains of public form that no public CA signed: the names of a real hierarchy, our keys, any date. */
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  subjectAltName,
} from '../../src/certificates/extensions.ts'
import { generateKey } from '../../src/certificates/keys.ts'
import { writeCertificate, type DistinguishedName } from '../../src/certificates/write-certificate.ts'
import { readCertificate } from '../../src/certificates/examine/index.ts'
import { presented, type Presented } from '../../src/peers/judge/presented.ts'

const rsa = generateKey('rsa2048')
const keys = { issuing: generateKey(), p256: generateKey(), rsa }

export interface Made {
  readonly rootName?: string
  readonly organization?: string
  readonly names?: readonly string[]
  readonly purposes?: readonly ('serverAuth' | 'clientAuth')[]
  readonly caPurposes?: readonly ('serverAuth' | 'clientAuth')[]
  readonly from?: string
  readonly days?: number
  readonly key?: 'p256' | 'rsa'
  readonly caUntil?: string
  readonly withIssuer?: boolean
  /** Domains for which the issuing CA may issue. */
  readonly permitted?: readonly string[]
  /** The signature of the leaf is that of another key. */
  readonly forged?: boolean
  /** Ends one second too late for its days. */
  readonly overlong?: boolean
  readonly commonNameOnly?: boolean
}

/** By default the worked example: DigiCert, serverAuth only, issued on 1 Feb 2027 for 200 days, RSA. */
export function made(change: Made = {}): Presented {
  const [leaf, ...others] = madeDer(change)
  if (leaf === undefined) throw new Error('a chain has a leaf')
  return presented(readCertificate(leaf), others.map(readCertificate))
}

export function madeDer({
  rootName = 'DigiCert Global Root G2',
  organization = 'DigiCert Inc',
  names = ['sbc1.contoso.com'],
  purposes = ['serverAuth'],
  caPurposes = ['serverAuth', 'clientAuth'],
  from = '2027-02-01',
  days = 200,
  key = 'rsa',
  caUntil = '2031-01-01',
  withIssuer = true,
  permitted,
  forged = false,
  overlong = false,
  commonNameOnly = false,
}: Made = {}): readonly Buffer[] {
  const issuingName: DistinguishedName = [
    ['O', organization],
    ['CN', `${organization} TLS CA`],
  ]
  const root: DistinguishedName = [
    ['O', organization],
    ['CN', rootName],
  ]
  const notBefore = new Date(from)
  const issuing = writeCertificate(
    {
      subject: issuingName,
      key: keys.issuing,
      notBefore: new Date('2020-01-01'),
      notAfter: new Date(caUntil),
      extensions: [
        basicConstraints({ ca: true }),
        keyUsage('keyCertSign', 'cRLSign'),
        extendedKeyUsage(...caPurposes),
        ...(permitted === undefined ? [] : [nameConstraints({ permitted })]),
      ],
    },
    { name: root, key: keys.issuing },
  )
  const leaf = writeCertificate(
    {
      subject: [['CN', names[0] ?? 'sbc1.contoso.com']],
      key: keys[key],
      notBefore,
      // Both ends count.
      notAfter: new Date(notBefore.getTime() + days * 86_400_000 - (overlong ? 0 : 1000)),
      extensions: [
        basicConstraints({ ca: false }),
        extendedKeyUsage(...purposes),
        ...(commonNameOnly ? [] : [subjectAltName(names.map((value) => ({ kind: 'dns', value })))]),
      ],
    },
    { name: issuingName, key: forged ? keys.p256 : keys.issuing },
  )
  return withIssuer ? [leaf, issuing] : [leaf]
}

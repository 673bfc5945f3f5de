/**
 * The verify results of OpenSSL 1.0 to 3.5 and LibreSSL (crypto/x509/x509_txt.c, include/openssl/x509_vfy.h.in), by
 * number and by words. Every server built on OpenSSL prints one of the two.
 */
import { refused, refusedAt, sets } from '../grammar.ts'
import type { Saying } from '../grammar.ts'

const untrusted = ['chain.untrusted-root', 'chain.issuer-mismatch'] as const
const noLocalIssuer = {
  leaf: ['chain.incomplete', 'chain.untrusted-root'],
  above: ['chain.untrusted-root', 'chain.incomplete'],
  unknown: ['chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch'],
} as const
const revoked = {
  leaf: ['cert.revoked'],
  above: ['chain.revoked'],
  unknown: ['cert.revoked', 'chain.revoked'],
} as const

export interface VerifyResult {
  readonly numbers: readonly number[]
  readonly words: RegExp
  readonly says: Saying
}

/** The longer words first: `certificate has expired` is in none of the others, `invalid ca` is. */
export const verifyResults: readonly VerifyResult[] = [
  { numbers: [3], words: /unable to get certificate crl/, says: refused('crl.missing') },
  { numbers: [33], words: /unable to get crl issuer certificate/, says: refused('crl.missing') },
  { numbers: [44], words: /different crl scope/, says: refused('crl.missing') },
  { numbers: [12], words: /crl has expired/, says: refused('crl.expired') },
  { numbers: [11], words: /crl is not yet valid/, says: refused('crl.not-yet-valid', 'clock.wrong') },
  {
    numbers: [5, 8],
    words: /crl signature failure|unable to decrypt crl'?s signature/,
    says: refused('crl.signature-invalid'),
  },
  { numbers: [35], words: /key usage does not include crl signing/, says: refused('crl.no-crl-sign') },
  {
    numbers: [15, 16, 36],
    words: /format error in crl|unhandled critical crl extension|crl path validation error/,
    says: refused('crl.malformed'),
  },
  {
    numbers: [20],
    words: /unable to get local issuer certificate|unable to get issuer cert locally/,
    says: refusedAt(noLocalIssuer),
  },
  {
    numbers: [2],
    words: /unable to get issuer cert(?:ificate)?\b(?! locally)/,
    says: refused('chain.partial-anchor', 'chain.untrusted-root', 'chain.incomplete'),
  },
  {
    numbers: [21],
    words: /unable to verify (?:the first certificate|leaf signature)/,
    says: refused('chain.incomplete', 'chain.untrusted-root'),
  },
  {
    numbers: [19],
    words: /self[- ]signed cert(?:ificate)? in (?:certificate )?chain/,
    says: refused(...untrusted),
  },
  {
    numbers: [18],
    words: /depth zero self[- ]signed cert|self[- ]signed certificate(?! in )/,
    says: refused('cert.self-signed'),
  },
  { numbers: [9], words: /certificate is not yet valid|cert not yet valid/, says: refusedAt(sets.notYetValid) },
  { numbers: [10], words: /certificate has expired|cert has expired/, says: refusedAt(sets.expired) },
  {
    numbers: [13, 14],
    words: /format error in certificate's not(?:before|after)|error in cert not (?:before|after) field/,
    says: refused('cert.malformed'),
  },
  {
    numbers: [4, 7],
    words: /certificate signature failure|cert signature failure|unable to decrypt cert(?:ificate)?(?:'s)? signature/,
    says: refused('cert.signature-invalid'),
  },
  {
    numbers: [6],
    words: /unable to decode issuer public key|error decoding issuer public key/,
    says: refused('chain.malformed'),
  },
  { numbers: [22], words: /certificate chain too long|cert chain too long/, says: refused('chain.too-deep') },
  { numbers: [23], words: /certificate revoked|cert revoked/, says: refusedAt(revoked) },
  {
    numbers: [25, 38],
    words: /path length (?:constraint )?exceeded/,
    says: refused('chain.path-too-long'),
  },
  {
    numbers: [26],
    words: /(?:unsupported|unsuitable) certificate purpose|invalid purpose/,
    says: refusedAt(sets.purpose),
  },
  {
    numbers: [27, 28],
    words: /certificate not trusted|certificate rejected(?!.*fingerprint)/,
    says: refused(...untrusted),
  },
  {
    numbers: [29, 30, 31],
    words: /subject issuer mismatch|issuer and subject key identifier mismatch|issuer and serial number mismatch/,
    says: refused('chain.issuer-mismatch'),
  },
  {
    numbers: [32],
    words: /key usage does not include certificate signing|keyusage no certsign/,
    says: refused('chain.not-a-ca', 'chain.no-cert-sign'),
  },
  { numbers: [24, 37, 79], words: /invalid (?:non-)?ca\b/, says: refused('chain.not-a-ca', 'chain.no-cert-sign') },
  {
    numbers: [34],
    words: /unhandled critical extension/,
    says: refused('cert.critical-extension'),
  },
  {
    numbers: [39],
    words: /key usage does not include digital signature/,
    says: refused('cert.ku-wrong'),
  },
  {
    numbers: [47, 48],
    words: /(?:permitted|excluded) (?:subtree )?violation/,
    says: refused('chain.name-constraint'),
  },
  {
    numbers: [46, 49, 51, 52, 53],
    words: /name constraint/,
    says: refused('chain.name-constraint', 'chain.malformed'),
  },
  {
    numbers: [41, 42, 43, 45],
    words: /no explicit policy|invalid or inconsistent certificate (?:policy )?extension/,
    says: refused('chain.policy'),
  },
  {
    numbers: [62, 63, 64],
    words: /(?:host ?name|ip address|email address) mismatch|hostname verification failed/,
    says: refused('cert.name-mismatch'),
  },
  { numbers: [66], words: /ee (?:certificate )?key too weak/, says: refused('cert.key-weak') },
  { numbers: [67], words: /ca (?:certificate )?key too weak/, says: refused('chain.key-weak') },
  {
    numbers: [68],
    words: /ca signature digest algorithm too weak|signature digest algorithm too weak/,
    says: refusedAt({ leaf: ['cert.signature-weak'], above: ['chain.signature-weak'] }),
  },
  {
    numbers: [73, 74, 75],
    words: /ocsp verification (?:needed|failed)/,
    says: refused('tls.staple-missing', 'tls.staple-invalid'),
  },
  {
    numbers: [80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93],
    words:
      /basic constraints of ca cert not marked critical|path ?length (?:given|invalid) (?:without|for)|ca cert does not include key usage|keycertsign invalid for non-ca|missing (?:subject|authority) key identifier|(?:subject|authority) key identifier (?:missing|marked critical|empty)|(?:issuer|subject) name empty|empty subject alternative name extension|subject alt name extension not critical|requires at least x509v3|explicit ecc parameters|algorithm mismatch/,
    says: refused('chain.malformed', 'cert.malformed'),
  },
]

const byNumber: ReadonlyMap<number, Saying> = new Map(
  verifyResults.flatMap(({ numbers, says }) => numbers.map((number) => [number, says] as const)),
)

/** `verifyResult(10)`: what X509_V_ERR_CERT_HAS_EXPIRED proves. Absent for 0 and for numbers that are not listed. */
export function verifyResult(number: number): Saying | undefined {
  return byNumber.get(number)
}

/** Mbed TLS 2 to 3 (mbedtls/ssl.h, x509.h): numbers, and the sentences of `mbedtls_x509_crt_verify_info`. */
import { alertReceived, closed, handshake, own, rank, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'

const ownCertificateMissing: Saying = { rank: rank.reason, causes: ['tls.client-cert-missing'], whose: 'ours' }

interface MbedError {
  readonly number: string
  /** What `mbedtls_strerror` writes: belle-sip logs the words alone. Absent: another rule knows them. */
  readonly words?: RegExp
  readonly says: Saying
}

/** Versions 2 and 3 use some numbers differently; then both meanings are causes. */
const errors: readonly MbedError[] = [
  { number: '2700', says: refusedSomehow },
  // A usage that does not fit is the usual reason (`mbedtls_ssl_check_cert_usage`).
  {
    number: '7a00',
    words: /processing of the certificate handshake message failed/,
    says: refused('cert.eku-missing', 'cert.ku-wrong', 'cert.malformed'),
  },
  { number: '7200', words: /an invalid ssl record was received/, says: handshake(['tls.not-tls'], 'us') },
  { number: '7280', words: /the connection indicated an eof/, says: closed },
  { number: '7100', says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us') },
  { number: '7780', says: closed },
  { number: '7880', words: /peer notified us that the connection is going to be closed/, says: closed },
  {
    number: '6e80',
    words: /handshake protocol not within min\/max boundaries/,
    says: handshake(['tls.no-common-version'], 'us'),
  },
  {
    number: '6e00',
    words: /ssl - the handshake negotiation failed/,
    says: handshake(['tls.no-common-cipher', 'tls.no-common-signature', 'tls.no-common-group'], 'us'),
  },
  {
    number: '6980',
    words: /none of the common ciphersuites is usable/,
    says: handshake(['tls.own-cert-missing', 'tls.no-common-cipher', 'tls.no-common-signature'], 'us'),
  },
  { number: '7800', says: alertReceived(112) },
  { number: '7580', says: handshake(['tls.alpn-mismatch', 'tls.client-cert-missing'], 'us') },
  {
    number: '7600',
    words: /own private key or pre-shared key is not set, but needed/,
    says: own(['key.missing', 'tls.own-cert-missing']),
  },
  { number: '3c00', words: /private key password can't be empty/, says: own(['key.encrypted']) },
  { number: '3b80', words: /private key password does not allow for/, says: own(['key.passphrase-wrong']) },
  {
    number: '2900',
    words: /x509 - read\/write of file failed/,
    says: own(['file.missing', 'trust.missing'], sets.missingFile),
  },
  {
    number: '7380',
    words: /server has no ciphersuites in common with the client/,
    says: handshake(['tls.no-common-cipher', 'tls.own-cert-missing'], 'us'),
  },
  {
    number: '7480',
    words: /no client certification received from the client/,
    says: refused('tls.client-cert-missing'),
  },
  { number: '7680', words: /no ca chain is set, but required/, says: own(['trust.missing', 'trust.empty']) },
  { number: '6800', words: /ssl - the operation timed out/, says: handshake(['tls.handshake-timeout']) },
  { number: '0050', says: closed },
  { number: '2180', words: /the crt\/crl\/csr format is invalid/, says: own(['file.not-pem', 'file.corrupt']) },
  { number: '1080', says: own(sets.notPem, { key: sets.badKeyFile, trust: sets.emptyTrust }) },
  { number: '1300', says: own(['key.encrypted']) },
  { number: '1380', says: own(['key.passphrase-wrong']) },
  { number: '3e00', says: own(['file.missing'], sets.missingFile) },
  { number: '3d00', says: own(['key.malformed']) },
]

const byNumber: ReadonlyMap<string, Saying> = new Map(errors.map(({ number, says }) => [number, says] as const))

export const mbedtls: StackGrammar = {
  name: 'Mbed TLS',
  rules: [
    { when: /certificate validity has expired/, says: refused(...sets.expired.unknown) },
    { when: /certificate validity starts in the future/, says: refused(...sets.notYetValid.unknown) },
    { when: /common name \(cn\) does not match/, says: refused('cert.name-mismatch') },
    { when: /not correctly signed by the trusted ca/, says: refused(...sets.noPath) },
    { when: /certificate has been revoked \(is on a crl\)/, says: refused('cert.revoked') },
    { when: /crl is not correctly signed/, says: refused('crl.signature-invalid') },
    { when: /the crl is expired/, says: refused('crl.expired') },
    {
      when: /usage does not match the (?:keyusage|extendedkeyusage|nscerttype)/,
      says: refused('cert.eku-missing', 'cert.ku-wrong'),
    },
    {
      when: /certificate is signed with an unacceptable (?:hash|key)/,
      says: refused('cert.signature-weak', 'cert.key-weak'),
    },
    { when: /certificate was missing/, says: refused('tls.client-cert-missing') },
    { when: /x509 - certificate verification failed/, says: refusedSomehow },
    {
      when: /(?:mbedtls|returned|ret|ssl|error)\D{0,24}-0x([0-9a-f]{4})\b/,
      says: (match) => byNumber.get(match[1] ?? ''),
    },
    ...errors.flatMap(({ words, says }) => (words === undefined ? [] : [{ when: words, says }])),
    { when: /own certificate is not set, but needed by the server/, says: ownCertificateMissing },
    { when: /no alpn protocols supported that the client advertises/, says: handshake(['tls.alpn-mismatch'], 'us') },
    { when: /fatal alert message was received from our peer/, says: closed },
    { when: /connection was reset by peer/, says: closed },
  ],
  samples: [
    { text: 'mbedtls_ssl_handshake returned -0x2700', first: 'chain.untrusted-root', whose: 'theirs', who: 'us' },
    {
      text: '! The certificate Common Name (CN) does not match with the expected CN',
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
  ],
}

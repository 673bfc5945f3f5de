/** Mbed TLS 2 to 3 (mbedtls/ssl.h, x509.h): numbers, and the sentences of `mbedtls_x509_crt_verify_info`. */
import { alertReceived, closed, handshake, own, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'

const byNumber: Readonly<Record<string, Saying>> = {
  '2700': refusedSomehow,
  '7a00': refused('cert.malformed'),
  '7200': handshake(['tls.not-tls'], 'us'),
  '7280': closed,
  '7100': handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
  '7780': closed,
  '7880': closed,
  '6e80': handshake(['tls.no-common-version'], 'us'),
  '6e00': handshake(['tls.no-common-cipher', 'tls.no-common-signature', 'tls.no-common-group'], 'us'),
  '7800': alertReceived(112),
  '7580': handshake(['tls.alpn-mismatch'], 'us'),
  '7600': own(['key.missing', 'tls.own-cert-missing']),
  '3c00': own(['key.encrypted']),
  '3b80': own(['key.passphrase-wrong']),
  '2900': own(['file.missing', 'trust.missing'], sets.missingFile),
  '7380': handshake(['tls.no-common-cipher', 'tls.own-cert-missing'], 'us'),
  '7480': refused('tls.client-cert-missing'),
  '7680': own(['trust.missing', 'trust.empty']),
  '6800': handshake(['tls.handshake-timeout']),
  '0050': closed,
  '2180': own(['file.not-pem', 'file.corrupt']),
  '1080': own(sets.notPem, { key: sets.badKeyFile, trust: sets.emptyTrust }),
  '1300': own(['key.encrypted']),
  '1380': own(['key.passphrase-wrong']),
  '3e00': own(['file.missing'], sets.missingFile),
  '3d00': own(['key.malformed']),
}

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
      says: (match) => byNumber[match[1] ?? ''],
    },
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

/** Go crypto/tls and crypto/x509, 1.13 to 1.25 (alert.go, verify.go, handshake_*.go). */
import { closed, handshake, own, rank, receivedByName, refused, sets } from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const go: StackGrammar = {
  name: 'Go',
  rules: [
    { when: /remote error: tls: ([a-z ()0-9]+)/, says: receivedByName },
    { when: /local error: tls: bad record mac/, says: closed },
    { when: /expired or is not yet valid: .*is before/, says: refused(...sets.notYetValid.unknown) },
    { when: /expired or is not yet valid: .*is after/, says: refused(...sets.expired.unknown) },
    { when: /has expired or is not yet valid/, says: refused(...sets.anyDate, 'chain.expired') },
    {
      when: /signed by unknown authority \(possibly because of .*insecure algorithm/,
      says: refused('cert.signature-weak', 'chain.signature-weak'),
    },
    {
      when: /signed by unknown authority \(possibly because of .*(?:verification (?:failure|error)|invalid signature)/,
      says: refused('cert.signature-invalid', 'chain.issuer-mismatch'),
    },
    {
      when: /signed by unknown authority \(possibly because of .*not authorized to sign/,
      says: refused('chain.not-a-ca'),
    },
    { when: /certificate signed by unknown authority/, says: refused(...sets.noPath.slice(0, 3)) },
    {
      when: /cannot verify signature: insecure algorithm/,
      says: refused('cert.signature-weak', 'chain.signature-weak'),
    },
    {
      when: /x509: certificate specifies an incompatible key usage/,
      says: refused('cert.eku-missing', 'chain.eku-narrow'),
    },
    // macOS verifies, and names the certificate.
    { when: /x509: “[^”]*” certificate is not trusted/, says: refused(...sets.noPath) },
    { when: /x509: “[^”]*” certificate is expired/, says: refused(...sets.expired.unknown) },
    { when: /x509: “[^”]*” certificate name does not match input/, says: refused('cert.name-mismatch') },
    {
      when: /x509: “[^”]*” certificate is not standards compliant/,
      says: refused('cert.malformed', 'cert.lifetime-too-long', 'cert.eku-missing', 'cert.san-missing'),
    },
    { when: /relies on legacy common name field/, says: refused('cert.san-missing') },
    {
      when: /x509: (?:certificate is (?:not )?valid for|cannot validate certificate for|certificate is not valid for any names)/,
      says: refused('cert.name-mismatch'),
    },
    { when: /too many intermediates for path length/, says: refused('chain.path-too-long') },
    { when: /x509: unhandled critical extension/, says: refused('cert.critical-extension') },
    {
      when: /not permitted by any constraint|is excluded by constraint|not authorized to sign for this name|name constraint/,
      says: refused('chain.name-constraint'),
    },
    {
      when: /x509: (?:invalid signature: )?parent certificate cannot sign this kind of certificate|not authorized to sign other certificates/,
      says: refused('chain.not-a-ca', 'chain.no-cert-sign'),
    },
    { when: /issuer name does not match subject from issuing certificate/, says: refused('chain.issuer-mismatch') },
    {
      when: /x509: .*(?:malformed|negative serial number|failed to parse)|asn1: (?:structure|syntax) error/,
      says: refused('cert.malformed'),
    },
    {
      when: /tls: server's certificate contains an unsupported type of public key/,
      says: refused('cert.algorithm-unreadable'),
    },
    {
      when: /certificate contained RSA key larger|rsa key too small|crypto\/rsa: \d+-bit keys are insecure/,
      says: refused('cert.key-weak'),
    },
    {
      when: /client didn't provide a certificate|client's certificate is missing/,
      says: refused('tls.client-cert-missing'),
    },
    {
      when: /first record does not look like a tls handshake|http: server gave http response to https client/,
      says: handshake(['tls.not-tls'], 'us'),
    },
    {
      when: /requested unsupported application protocols|selected unadvertised alpn protocol/,
      says: handshake(['tls.alpn-mismatch'], 'us'),
    },
    {
      when: /unsupported sslv2 handshake received/,
      says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
    },
    { when: /client sent an http request to an https server/, says: handshake(['tls.not-tls'], 'us') },
    { when: /oversized record received/, says: handshake(['tls.not-tls'], 'us') },
    {
      when: /inappropriate protocol fallback|offered only unsupported versions|server selected unsupported protocol version|no supported versions satisfy/,
      says: handshake(['tls.no-common-version'], 'us'),
    },
    {
      when: /no cipher suite supported by both|server chose an unconfigured cipher suite/,
      says: handshake(['tls.no-common-cipher'], 'us'),
    },
    {
      when: /no (?:ecdhe|elliptic) curve supported by both|no key exchanges? supported by both|server selected unsupported (?:group|curve)/,
      says: handshake(['tls.no-common-group'], 'us'),
    },
    {
      when: /peer doesn't support any of the certificate's signature algorithms|no certificate supports any|unsupported signature algorithm|none of the mutually supported signature/,
      says: handshake(['tls.no-common-signature'], 'us'),
    },
    {
      when: /tls: invalid signature by the (?:server|client) certificate/,
      says: refused('cert.key-mismatch', 'cert.signature-invalid'),
    },
    { when: /no certificates configured/, says: own(['tls.own-cert-missing', 'file.missing']) },
    {
      when: /private key does not match public key|private key type does not match/,
      says: own(['key.mismatch', 'chain.out-of-order']),
    },
    {
      when: /failed to find any pem data in key input|failed to parse private key/,
      says: own(['key.malformed']),
    },
    {
      when: /failed to find any pem data in certificate input/,
      says: own(['file.not-pem', 'file.empty', 'file.der', 'file.corrupt']),
    },
    {
      when: /failed to find "?certificate"? pem block|failed to find pem block with type/,
      says: own(['file.wrong-kind', 'file.not-pem']),
    },
    {
      when: /no certificate in the trust list|failed to append (?:ca )?certif/,
      says: own(['trust.empty', 'trust.malformed', 'trust.missing']),
    },
    {
      when: /i\/o timeout|context deadline exceeded|handshake timeout/,
      says: { ...handshake(['tls.handshake-timeout', 'link.timeout']), rank: rank.outside },
      unless: /lookup|dial tcp|rpc error|read udp/,
    },
    {
      when: /dial tcp .*i\/o timeout/,
      says: { rank: rank.outside, causes: ['link.timeout', 'tls.handshake-timeout'] },
    },
    { when: /(?:^|[ :])eof["'.]?$/, says: closed },
    { when: /\bunexpected eof\b/, says: closed, unless: /ssl/ },
  ],
  samples: [
    {
      text: 'x509: certificate signed by unknown authority',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    { text: 'remote error: tls: certificate required', first: 'tls.client-cert-missing', whose: 'ours', who: 'them' },
    { text: "tls: client didn't provide a certificate", first: 'tls.client-cert-missing', whose: 'theirs', who: 'us' },
  ],
}

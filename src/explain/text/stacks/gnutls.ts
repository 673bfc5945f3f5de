/** GnuTLS 3.x: `gnutls_strerror`, `gnutls_alert_get_name` and `gnutls_certificate_verification_status_print`. */
import {
  aboutTls,
  broken,
  closed,
  handshake,
  own,
  rank,
  receivedByName,
  receivedByNumber,
  refused,
  refusedAt,
  refusedSomehow,
  sets,
} from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

const otherPurpose = ['cert.eku-missing', 'chain.eku-narrow'] as const

export const gnutls: StackGrammar = {
  name: 'GnuTLS',
  rules: [
    { when: /received alert \[(\d{1,3})\]/, says: receivedByNumber },
    { when: /fatal alert has been received\.?: ?([a-z ]+)/, says: receivedByName },
    { when: /fatal alert has been received|gnutls e fatal alert received/, says: closed },
    { when: /chain uses not yet valid certificate|not activated yet/, says: refusedAt(sets.notYetValid) },
    {
      when: /chain uses expired certificate|certificate has expired/,
      says: refused(...sets.expired.unknown),
      unless: /verify|x509:|notafter/,
    },
    {
      when: /certificate issuer is unknown|certificate issuer is not a ca|signer not found/,
      says: refused(...sets.noPath),
    },
    { when: /does not match the intended purpose|purpose mismatch/, says: refused(...otherPurpose) },
    {
      when: /violates the signer's constraints|signer constraints failure/,
      says: refused('chain.not-a-ca', 'chain.name-constraint', 'chain.path-too-long'),
    },
    { when: /certificate chain is revoked|certificate was revoked/, says: refused('cert.revoked', 'chain.revoked') },
    { when: /uses insecure algorithm/, says: refused('cert.signature-weak', 'cert.key-weak', 'chain.signature-weak') },
    { when: /signature in the certificate is invalid/, says: refused('cert.signature-invalid') },
    { when: /name in the certificate does not match the expected/, says: refused('cert.name-mismatch') },
    { when: /revocation (?:data|or ocsp data) are old|revocation data superseded/, says: refused('crl.expired') },
    { when: /revocation data are issued with a future date/, says: refused('crl.not-yet-valid', 'clock.wrong') },
    { when: /requires the server to include an ocsp status/, says: refused('tls.staple-missing', 'cert.must-staple') },
    { when: /certificate contains an unknown critical extension/, says: refused('cert.critical-extension') },
    {
      when: /status: the certificate is not trusted|pki verification of server certificate failed/,
      says: refusedSomehow,
    },
    {
      when: /error in the certificate\b|certificate verification error|gnutls e certificate (?:verification )?error/,
      says: refusedSomehow,
    },
    {
      when: /\bcertificate is required\b|gnutls e certificate required/,
      says: { ...refused('tls.client-cert-missing') },
      unless: /alert/,
    },
    { when: /error in handshake: no certificate was found|no certificate was found/, says: broken },
    {
      when: /no supported cipher suites have been found|gnutls e no cipher suites/,
      says: handshake(['tls.no-common-cipher', 'tls.no-common-version', 'tls.no-common-signature'], 'us'),
    },
    { when: /no common key share with peer/, says: handshake(['tls.no-common-group'], 'us') },
    {
      when: /packet with illegal or unsupported version was received|gnutls e unsupported version packet/,
      says: handshake(['tls.no-common-version'], 'us'),
    },
    {
      when: /unexpected tls packet was received|gnutls e unexpected packet/,
      says: handshake(['tls.not-tls'], 'us'),
    },
    { when: /decryption has failed|gnutls e decryption failed/, says: closed },
    { when: /non-properly terminated|gnutls e premature termination/, says: closed },
    {
      when: /error in the pull function|error in the push function|gnutls e pull error/,
      says: {
        ...closed,
        causes: [
          'link.reset',
          'tls.proxy-protocol',
          ...closed.causes.filter((code) => code !== 'link.reset' && code !== 'tls.proxy-protocol'),
        ],
      },
    },
    {
      when: /prime is not acceptable|dh prime|too small(?:er)? prime|insufficient security level/,
      says: handshake(['tls.dh-too-small', 'cert.key-weak'], 'us'),
      unless: /alert/,
    },
    {
      when: /public key signature verification has failed/,
      says: refused('cert.signature-invalid', 'cert.key-mismatch'),
      unless: /\bgpg\b|openpgp/,
    },
    { when: /safe renegotiation failed/, says: handshake(['tls.legacy-renegotiation'], 'us') },
    { when: /certificate and the given key do not match/, says: own(['key.mismatch', 'chain.out-of-order']) },
    {
      when: /base64 (?:decoding|unexpected header) error/,
      says: own(['file.not-pem', 'file.empty', 'file.der', 'file.wrong-kind', 'key.malformed']),
    },
    {
      when: /error reading '.*' or '.*'/,
      says: { ...own([...sets.notPem, 'key.malformed']), rank: rank.refusal },
    },
    {
      when: /gnutls certificate set x509.*error in parsing/,
      says: own(['key.malformed', 'file.corrupt', 'file.not-pem']),
    },
    { when: /error: the requested data were not available/, says: own(['key.malformed']) },
    {
      when: /error while reading file[.:]?$/,
      says: own(['file.missing', 'key.missing', 'trust.missing'], {
        ...sets.missingFile,
        key: ['key.missing', 'file.missing'],
      }),
    },
    {
      when: /decryption has failed.*key|encrypted structure|no password/,
      says: own(['key.encrypted']),
      only: aboutTls,
    },
    {
      when: /key usage violation in certificate/,
      says: refused('cert.ku-wrong', 'chain.no-cert-sign'),
    },
    {
      when: /could not negotiate a supported cipher suite/,
      says: handshake(['tls.no-common-cipher', 'tls.no-common-version', 'tls.no-common-signature'], 'us'),
    },
    { when: /error setting the x509 trust file/, says: own(['trust.missing', ...sets.emptyTrust]) },
  ],
  samples: [
    {
      text: '*** Fatal error: A TLS fatal alert has been received.\n*** Received alert [48]: CA is unknown',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    {
      text: '- Status: The certificate is NOT trusted. The certificate chain uses expired certificate.',
      first: 'cert.expired',
      whose: 'theirs',
      who: 'us',
    },
    { text: 'Error: The certificate and the given key do not match.', first: 'key.mismatch', whose: 'ours', who: 'us' },
  ],
}

/** wolfSSL 4 to 5 (wolfssl/error-ssl.h, wolfcrypt/error-crypt.h): numbers and `wolfSSL_ERR_reason_error_string`. */
import { broken, closed, handshake, own, receivedByNumber, refused, sets } from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'

interface WolfError {
  readonly number: number
  readonly words: RegExp
  readonly says: Saying
}

const errors: readonly WolfError[] = [
  {
    number: -150,
    words: /asn before date|asn date error, current date (?:is )?before|current date before/,
    says: refused(...sets.notYetValid.unknown),
  },
  { number: -151, words: /asn after date|current date (?:is )?after/, says: refused(...sets.expired.unknown) },
  {
    number: -155,
    words: /asn sig error, confirm failure|asn sig confirm/,
    says: refused('cert.signature-invalid', 'chain.issuer-mismatch'),
  },
  {
    number: -188,
    words: /asn no signer error|no ca signer to verify/,
    says: refused('chain.untrusted-root', 'chain.incomplete', 'cert.self-signed'),
  },
  { number: -275, words: /asn self[- ]signed/, says: refused('cert.self-signed') },
  { number: -322, words: /peer subject name mismatch|domain name mismatch/, says: refused('cert.name-mismatch') },
  { number: -325, words: /peer ip address mismatch/, says: refused('cert.name-mismatch') },
  { number: -361, words: /crl (?:cert )?revoked/, says: refused('cert.revoked') },
  { number: -362, words: /crl missing, not loaded/, says: refused('crl.missing') },
  { number: -198, words: /\bname constraint error/, says: refused('chain.name-constraint') },
  { number: -189, words: /asn crl sig error/, says: refused('crl.signature-invalid') },
  { number: -190, words: /asn crl no signer/, says: refused('crl.missing', 'chain.untrusted-root') },
  { number: -179, words: /\bcrl date error/, says: refused('crl.expired', 'clock.wrong') },
  { number: -237, words: /asn (?:ca )?path ?len(?:gth)? (?:value|size)/, says: refused('chain.path-too-long') },
  { number: -238, words: /asn (?:ca )?path ?len(?:gth)? (?:larger|inv)/, says: refused('chain.path-too-long') },
  { number: -357, words: /not a ca by basic constraint/, says: refused('chain.not-a-ca') },
  { number: -360, words: /ocsp cert revoked/, says: refused('cert.revoked') },
  { number: -368, words: /maximum chain depth exceeded/, says: refused('chain.too-deep') },
  { number: -383, words: /key use digital ?signature/, says: refused('cert.ku-wrong') },
  {
    number: -386,
    words: /ext(?:ended)? key use (?:server\/client )?auth|extkeyuse auth/,
    says: refused('cert.eku-missing'),
  },
  { number: -409, words: /rsa key (?:size )?too small|rsa key size e/, says: refused('cert.key-weak') },
  { number: -410, words: /ecc key size/, says: refused('cert.key-weak') },
  {
    number: -160,
    words: /asn unrecogni[sz]ed critical extension|x\.509 critical extension ignored or invalid/,
    says: refused('cert.critical-extension'),
  },
  { number: -308, words: /error state on socket/, says: broken },
  {
    number: -311,
    words: /unknown type in record hdr/,
    says: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
  },
  {
    number: -345,
    words: /peer did(?:n't| not) (?:send|return) (?:its )?cert/,
    says: refused('tls.client-cert-missing'),
  },
  { number: -397, words: /peer closed underlying transport/, says: closed },
  {
    number: -501,
    words: /can't match cipher suite/,
    says: handshake(['tls.no-common-cipher', 'tls.own-cert-missing'], 'us'),
  },
  {
    number: -326,
    words: /record layer version error/,
    says: handshake(['tls.no-common-version', 'tls.not-tls'], 'us'),
  },
  { number: -313, words: /(?:received|revcd) alert fatal error|fatal alert error/, says: closed },
  { number: -317, words: /need the private key/, says: own(['key.missing']) },
  { number: -401, words: /\bdh key size|\bdh key too small error/, says: handshake(['tls.dh-too-small'], 'us') },
  {
    number: -399,
    words: /bad session ticket message/,
    says: handshake(['tls.session-resumed', 'tls.session-context'], 'us'),
  },
  {
    number: -381,
    words: /unrecogni[sz]ed host name|sni host not matched|unknown sni/,
    says: handshake(['tls.name-unknown'], 'us'),
  },
  {
    number: -405,
    words: /application-layer protocol negotiation|unknown alpn|unrecogni[sz]ed protocol name/,
    says: handshake(['tls.alpn-mismatch'], 'us'),
  },
  {
    number: -162,
    words: /asn no pem header|no pem header/,
    says: own(sets.notPem, { key: sets.badKeyFile, trust: sets.emptyTrust }),
  },
]

const byNumber: ReadonlyMap<number, Saying> = new Map(errors.map(({ number, says }) => [number, says] as const))

export const wolfssl: StackGrammar = {
  name: 'wolfSSL',
  rules: [
    ...errors.map(({ words, says }): Rule => ({ when: words, says, unless: /sec error|x509:|\balert\b(?! fatal)/ })),
    {
      when: /wolfssl.*?(?:error|err|ret(?:urn)?(?: value)?)[ :=]*(-\d{3})\b/,
      says: (match) => byNumber.get(Number(match[1])),
    },
    { when: /\berror[ :=]*(-\d{3})\b.*wolfssl/, says: (match) => byNumber.get(Number(match[1])) },
    // Of a certificate of the trust list too, while it is loaded: the clock of a device that has just started.
    { when: /date before check failed/, says: handshake(['clock.wrong', 'cert.not-yet-valid', 'chain.not-yet-valid']) },
    { when: /date after check failed/, says: handshake(['cert.expired', 'chain.root-expired', 'clock.wrong']) },
    { when: /(?:got alert.*?|alert type:? ?)(\d{1,3})\b/, says: receivedByNumber, only: /wolf|ssl|tls|alert/ },
  ],
  samples: [
    {
      text: 'wolfSSL_connect failed: error = -188, ASN no signer error to confirm failure',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'tls_wolfssl:_wolfssl_tls_accept: TLS accept error: -399, Bad session ticket message Size Error',
      first: 'tls.session-resumed',
      who: 'us',
    },
  ],
}

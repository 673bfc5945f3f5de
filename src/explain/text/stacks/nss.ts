/** NSS 3.x (`certutil`, Firefox, Thunderbird, `tstclnt`): names and numbers of secerr.h and sslerr.h. */
import { alertReceived, closed, handshake, own, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'

/** Also of an algorithm that it does not know, such as Ed25519. */
const badSignature = refused('cert.signature-invalid', 'tls.no-common-signature')
/** Of the leaf, or of a CA without keyCertSign. */
const inadequateUsage = refused('cert.ku-wrong', 'chain.no-cert-sign')

interface NssError {
  readonly number: number
  readonly name: RegExp
  readonly says: Saying
}

const chainExpired = ['chain.expired', 'chain.root-expired', 'clock.wrong'] as const

const errors: readonly NssError[] = [
  { number: -8181, name: /sec error expired certificate/, says: refused(...sets.anyDate) },
  { number: -8162, name: /sec error expired issuer certificate/, says: refused(...chainExpired) },
  {
    number: -8179,
    name: /sec error unknown issuer/,
    says: refused('chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch', 'chain.not-a-ca'),
  },
  { number: -8172, name: /sec error untrusted issuer/, says: refused('chain.untrusted-root') },
  { number: -8171, name: /sec error untrusted cert\b/, says: refused('cert.self-signed', 'chain.untrusted-root') },
  { number: -8156, name: /sec error ca cert invalid/, says: refused('cert.self-signed') },
  { number: -8182, name: /sec error bad signature/, says: badSignature },
  { number: -8180, name: /sec error revoked certificate\b/, says: refused('cert.revoked') },
  { number: -8047, name: /sec error revoked certificate (?:ocsp|crl)/, says: refused('cert.revoked') },
  {
    number: -8101,
    name: /sec error inadequate cert type/,
    says: refused('cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong'),
  },
  { number: -8102, name: /sec error inadequate key usage/, says: inadequateUsage },
  { number: -8080, name: /sec error cert not in name space/, says: refused('chain.name-constraint') },
  { number: -8155, name: /sec error path len constraint invalid/, says: refused('chain.path-too-long') },
  { number: -8151, name: /sec error unknown critical extension/, says: refused('cert.critical-extension') },
  {
    number: -8016,
    name: /sec error cert signature algorithm disabled/,
    says: refused('cert.signature-weak', 'chain.signature-weak'),
  },
  { number: -8183, name: /sec error bad der/, says: refused('cert.malformed') },
  { number: -8160, name: /sec error crl expired/, says: refused('crl.expired') },
  { number: -8161, name: /sec error crl bad signature/, says: refused('crl.signature-invalid') },
  { number: -12276, name: /ssl error bad cert domain/, says: refused('cert.name-mismatch') },
  {
    number: -16383,
    name: /mozilla pkix error ca cert used as end entity/,
    says: refused('cert.is-ca', 'cert.self-signed'),
  },
  { number: -16382, name: /mozilla pkix error inadequate key size/, says: refused('cert.key-weak') },
  { number: -16378, name: /mozilla pkix error self signed cert/, says: refused('cert.self-signed') },
  {
    number: -16379,
    name: /mozilla pkix error not yet valid certificate/,
    says: refused('cert.not-yet-valid', 'clock.wrong'),
  },
  {
    number: -16377,
    name: /mozilla pkix error not yet valid issuer/,
    says: refused('chain.not-yet-valid', 'clock.wrong'),
  },
  { number: -12285, name: /ssl error no certificate\b/, says: refused('tls.client-cert-missing') },
  {
    number: -12286,
    name: /ssl error no cypher overlap/,
    says: handshake(['tls.no-common-cipher', 'tls.no-common-version'], 'us'),
  },
  { number: -12190, name: /ssl error unsupported version/, says: handshake(['tls.no-common-version'], 'us') },
  { number: -12263, name: /ssl error rx record too long/, says: handshake(['tls.not-tls'], 'us') },
  {
    number: -12156,
    name: /ssl error weak server ephemeral dh key|ssl error weak server cert key/,
    says: handshake(['tls.dh-too-small'], 'us'),
  },
  { number: -12205, name: /ssl error unsafe negotiation/, says: handshake(['tls.legacy-renegotiation'], 'us') },
  { number: -12109, name: /ssl error rx unexpected record type/, says: closed },
  { number: -5938, name: /pr end of file error|pr read hit eof/, says: closed },
  { number: -5961, name: /pr connect reset error/, says: closed },
  // Alerts received
  { number: -12271, name: /ssl error bad cert alert/, says: alertReceived(42) },
  { number: -12224, name: /ssl error certificate unknown alert/, says: alertReceived(46) },
  { number: -12195, name: /ssl error unknown ca alert/, says: alertReceived(48) },
  { number: -12269, name: /ssl error expired cert alert/, says: alertReceived(45) },
  { number: -12270, name: /ssl error revoked cert alert/, says: alertReceived(44) },
  { number: -12225, name: /ssl error unsupported cert alert/, says: alertReceived(43) },
  { number: -12194, name: /ssl error access denied alert/, says: alertReceived(49) },
  { number: -12227, name: /ssl error handshake failure alert/, says: alertReceived(40) },
  { number: -12192, name: /ssl error decrypt error alert/, says: alertReceived(51) },
  { number: -12193, name: /ssl error decode error alert/, says: alertReceived(50) },
  { number: -12191, name: /ssl error (?:export restriction|insufficient security) alert/, says: alertReceived(71) },
  { number: -12188, name: /ssl error internal error alert/, says: alertReceived(80) },
  { number: -12184, name: /ssl error unrecognized name alert/, says: alertReceived(112) },
  { number: -12189, name: /ssl error insufficient security alert/, says: alertReceived(71) },
  {
    number: -12116,
    name: /ssl error rx certificate required alert|ssl error certificate required alert/,
    says: alertReceived(116),
  },
  { number: -12196, name: /ssl error protocol version alert/, says: alertReceived(70) },
  {
    number: -16374,
    name: /mozilla pkix error required tls feature missing/,
    says: refused('tls.staple-missing', 'cert.must-staple'),
  },
  {
    number: -16381,
    name: /mozilla pkix error v1 cert used as ca/,
    says: refused('chain.not-a-ca', 'chain.malformed'),
  },
  { number: -8062, name: /sec error ocsp old response/, says: refused('tls.staple-invalid', 'clock.wrong') },
]

/** The sentences of `PR_ErrorToString`, where a program prints them without name and number. */
const sentences: readonly Rule[] = [
  { when: /peer's certificate has expired/, says: refused(...sets.anyDate) },
  { when: /certificate issuer's certificate has expired/, says: refused(...chainExpired) },
  {
    when: /peer's certificate issuer is not recogni[sz]ed/,
    says: refused('chain.untrusted-root', 'chain.incomplete', 'chain.issuer-mismatch', 'chain.not-a-ca'),
  },
  { when: /issuer has been marked as not trusted/, says: refused('chain.untrusted-root') },
  { when: /issuer certificate is invalid/, says: refused('cert.self-signed') },
  { when: /peer's certificate has an invalid signature/, says: badSignature },
  { when: /peer's certificate has been revoked/, says: refused('cert.revoked') },
  {
    when: /certificate type not approved for application/,
    says: refused('cert.eku-missing', 'chain.eku-narrow', 'cert.ku-wrong'),
  },
  { when: /certificate key usage inadequate/, says: inadequateUsage },
  { when: /not permitted to issue a certificate with this name/, says: refused('chain.name-constraint') },
  { when: /path length constraint is invalid/, says: refused('chain.path-too-long') },
  { when: /contains unknown critical extension/, says: refused('cert.critical-extension') },
  { when: /ssl peer cannot verify your certificate/, says: alertReceived(42) },
  { when: /unspecified issue with the certificate it received/, says: alertReceived(46) },
  { when: /does not recogni[sz]e and trust the ca that issued your certificate/, says: alertReceived(48) },
  { when: /ssl peer rejected your certificate as expired/, says: alertReceived(45) },
  { when: /ssl peer rejected your certificate as revoked/, says: alertReceived(44) },
  { when: /ssl peer does not support certificates of the type/, says: alertReceived(43) },
  { when: /peer received a valid certificate, but access was denied/, says: alertReceived(49) },
  { when: /unable to negotiate an acceptable set of security parameters/, says: alertReceived(40) },
  { when: /peer reports failure of signature verification/, says: alertReceived(51) },
  { when: /no common encryption algorithm/, says: handshake(['tls.no-common-cipher', 'tls.no-common-version'], 'us') },
  { when: /exceeded the maximum permissible length/, says: handshake(['tls.not-tls'], 'us') },
  { when: /received an unexpected record type/, says: closed },
  {
    when: /selfserv: issuer +dn: /,
    says: {
      ...refusedSomehow,
      causes: ['chain.incomplete', 'cert.signature-weak', 'cert.key-weak', 'chain.eku-narrow', 'crl.missing'],
    },
  },
]

const byNumber: ReadonlyMap<number, Saying> = new Map(errors.map(({ number, says }) => [number, says] as const))

export const nss: StackGrammar = {
  name: 'NSS',
  rules: [
    ...errors.map(({ name, says }): Rule => ({ when: name, says })),
    {
      when: /\b(?:error|err|code|nss|prerror)\b[ :=(]*(-(?:8|12|16|5)\d{3,4})\b/,
      says: (match) => byNumber.get(Number(match[1])),
    },
    ...sentences,
    {
      when: /sec error bad database|unable to find the certificate or key/,
      says: own(['key.missing', 'file.missing']),
    },
    { when: /authentication of server cert failed/, says: refusedSomehow },
  ],
  samples: [
    { text: 'selfserv: HDX PR_Read returned error -12195:', first: 'chain.untrusted-root', whose: 'ours', who: 'them' },
    { text: 'SEC_ERROR_UNKNOWN_ISSUER', first: 'chain.untrusted-root', whose: 'theirs', who: 'us' },
    { text: 'SSL_ERROR_BAD_CERT_DOMAIN', first: 'cert.name-mismatch', whose: 'theirs', who: 'us' },
  ],
}

/**
 * OpenSSL 1.0 to 3.5 and what prints its error queue: `error:0A000418:SSL routines::tlsv1 alert unknown ca`, the same
 * number alone, or the reason alone. Sources: include/openssl/sslerr.h, ssl/ssl_err.c, crypto/err/err.c.
 */
import {
  aboutTls,
  alertReceived,
  broken,
  closed,
  handshake,
  own,
  receivedByName,
  receivedByNumber,
  refused,
  refusedSomehow,
  rank,
  sentByName,
  sets,
} from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'
import { verifyResult, verifyResults } from './openssl-verify.ts'

/** Words of a running connection: what cannot be read there is not a file of ours. */
const duringHandshake = /verif|accept|connect|handshak|not trusted|tls (?:read|write)/

/** An idle connection that served its requests ends (nginx): no failure. */
const idle = /while keepalive/
const noMemory = /malloc failure|memory allocation failed/
const anyOf = (...patterns: readonly RegExp[]): RegExp => new RegExp(patterns.map(({ source }) => source).join('|'))

const badPem = own(sets.notPem, { key: sets.badKeyFile, trust: sets.emptyTrust })
const corrupt = own(['file.corrupt'], { key: ['key.malformed'], trust: ['trust.malformed'] })
const missing = own(['file.missing', 'key.missing', 'trust.missing'], sets.missingFile)
const unreadable = own(['file.unreadable'], { key: ['key.unreadable'] })
const noCertificateShown: Saying = {
  rank: rank.reason,
  causes: ['tls.client-cert-missing'],
  whose: 'theirs',
  who: 'us',
}
const notTls = handshake(['tls.not-tls'], 'us')
/** `ssl3_get_record` says the same of a record whose version is not the negotiated one. */
const notTlsOrVersion = handshake(['tls.not-tls', 'tls.no-common-version'], 'us')

const endOfFile = 294

/**
 * SSL reason numbers that name a cause (sslerr.h); those from 1000 on are alerts received: the number less 1000. The
 * low 12 bits of an error number of OpenSSL 1.x, the low 23 bits of one of OpenSSL 3.
 */
const sslReasons: Readonly<Record<number, Saying>> = {
  134: refusedSomehow,
  199: noCertificateShown,
  193: handshake(['tls.no-common-cipher', 'tls.own-cert-missing', 'tls.no-common-signature', 'key.mismatch'], 'us'),
  258: handshake(['tls.no-common-version'], 'us'),
  252: handshake(['tls.not-tls', 'tls.no-common-version'], 'us'),
  267: notTlsOrVersion,
  156: handshake(['tls.not-tls'], 'us'),
  155: handshake(['tls.not-tls'], 'us'),
  190: own(['key.missing', 'key.mismatch']),
  191: handshake(['tls.no-common-version', 'config.invalid'], 'us'),
  394: handshake(['tls.dh-too-small'], 'us'),
  399: own(['key.too-weak']),
  398: own(['cert.signature-weak']),
  397: own(['chain.key-weak']),
  277: handshake(['tls.session-context'], 'us'),
  338: handshake(['tls.legacy-renegotiation'], 'us'),
  118: handshake(['tls.no-common-signature'], 'us'),
  333: handshake(['tls.no-common-signature'], 'us'),
  376: handshake(['tls.no-common-signature'], 'us'),
  101: handshake(['tls.no-common-group'], 'us'),
  108: handshake(['tls.no-common-group', 'tls.handshake-failed'], 'us'),
  295: handshake(['tls.no-common-group'], 'us'),
  234: handshake(['tls.name-unknown'], 'us'),
  [endOfFile]: closed,
  152: handshake(['tls.chain-too-large'], 'us'),
  235: handshake(['tls.alpn-mismatch'], 'us'),
}

/** Reasons in words, as `ERR_reason_error_string` prints them, in upper case with underscores in Python and Node. */
const reasons: readonly Rule[] = [
  { when: /peer did not return a certificate/, says: noCertificateShown },
  {
    when: /\bno shared cipher\b|no ciphers available/,
    says: handshake(['tls.no-common-cipher', 'tls.own-cert-missing', 'tls.no-common-signature', 'key.mismatch'], 'us'),
    unless: /err ssl no shared cipher|tls post process client hello|\[ssl: no shared cipher\]/,
  },
  {
    when: /err ssl no shared cipher|tls post process client hello:no shared cipher|\[ssl: no shared cipher\]/,
    says: handshake(['tls.no-common-cipher', 'tls.own-cert-missing'], 'us'),
  },
  {
    when: /unsupported protocol\b|version too low|wrong ssl version|unsupported ssl version/,
    says: handshake(['tls.no-common-version'], 'us'),
    only: aboutTls,
  },
  { when: /no protocols available/, says: handshake(['tls.no-common-version', 'config.invalid'], 'us') },
  // Up to 1.0.2: the version that the hello names, so it is TLS.
  {
    when: /ssl3 get (?:client|server) hello:wrong (?:version number|ssl version)/,
    says: handshake(['tls.no-common-version'], 'us'),
  },
  { when: /ssl3 get record:wrong version number|unknown protocol\b/, says: notTlsOrVersion, only: aboutTls },
  { when: /wrong version number/, says: notTls, unless: /ssl3 get (?:record|client hello|server hello)/ },
  { when: /\b(?:http|https proxy) request\b(?!s)/, says: handshake(['tls.not-tls'], 'us') },
  { when: /packet length too long|record layer failure|bad record type/, says: notTls },
  { when: /\bdh key too small|bad dh (?:p|g|value)\b/, says: handshake(['tls.dh-too-small'], 'us') },
  { when: /\bee key too small/, says: own(['key.too-weak']) },
  { when: /\bca key too small/, says: own(['chain.key-weak', 'key.too-weak']) },
  { when: /\bca md too weak/, says: own(['cert.signature-weak', 'chain.signature-weak']) },
  { when: /session id context uninitialized/, says: handshake(['tls.session-context'], 'us') },
  { when: /unsafe legacy renegotiation disabled/, says: handshake(['tls.legacy-renegotiation'], 'us') },
  {
    when: /legacy sigalg disallowed|no suitable signature algorithm|no shared signature algorithms|wrong signature type/,
    says: handshake(['tls.no-common-signature'], 'us'),
  },
  {
    when: /no suitable (?:key share|groups)|no shared groups?\b|wrong curve/,
    says: handshake(['tls.no-common-group'], 'us'),
  },
  { when: /\bcallback failed\b/, says: handshake(['tls.name-unknown'], 'us'), only: aboutTls },
  { when: /no application protocol\b/, says: handshake(['tls.alpn-mismatch'], 'us'), unless: /alert/ },
  { when: /excessive message size/, says: handshake(['tls.chain-too-large'], 'us') },
  {
    when: /\bbad signature\b|wrong signature length|digest check failed/,
    says: refused('cert.signature-invalid', 'cert.key-mismatch'),
    unless: /sec error/,
    only: aboutTls,
  },
  {
    when: /decryption failed or bad record mac|bad decrypt.*(?:ssl3|record)|\bunexpected message\b/,
    says: { ...closed, rank: rank.closed },
    unless: /alert/,
    only: aboutTls,
  },
  { when: /\b(?:read|write|connect):errno=(?:0|32|104)\b/, says: closed },
  {
    when: /unexpected eof while reading|ssl error (?:zero return|syscall)|:unexpected eof\b/,
    says: closed,
    unless: idle,
  },
  { when: /ssl error ssl\b/, says: broken },
  // X509_verify of OpenSSL 3; a wrong signature of the handshake itself is `bad signature`.
  // Of a certificate or of a CRL: OpenSSL prints the same line for both.
  { when: /provider signature failure/, says: refused('cert.signature-invalid', 'crl.signature-invalid') },
  // Our own certificate and key
  {
    when: /no certificate assigned|no certificate set\b/,
    says: own(['key.mismatch', 'tls.own-cert-missing', 'file.missing']),
  },
  {
    when: /private key does not match the (?:certificate )?public key|does not match the public key of the certificate/,
    says: own(['key.mismatch', 'chain.out-of-order']),
  },
  // Of the cipher list of this end, before any connection.
  { when: /no cipher match/, says: handshake(['config.invalid', 'tls.no-common-cipher'], 'us') },
  { when: /^error: wrong tag$/, says: own(['file.pfx-malformed', 'file.wrong-kind']) },
  { when: /key values mismatch/, says: own(['key.mismatch', 'chain.out-of-order']) },
  { when: /no private key assigned/, says: own(['key.missing', 'key.mismatch']) },
  // RC2 and single DES are in the legacy provider of OpenSSL 3 alone.
  {
    when: /(?:digital envelope routines|evp|fetch)[^|]*unsupported.*\b(?:rc2|rc4|des-cbc)|pkcs ?12 .*unsupported|unsupported pkcs12/,
    says: own(['file.pfx-legacy']),
  },
  { when: /key type mismatch/, says: own(['key.mismatch', 'chain.out-of-order']) },
  { when: /no start line/, says: badPem },
  { when: /bad base64 decode|bad end line|bad magic number/, says: corrupt },
  {
    when: /asn1 encoding routines|nested asn1 error|header too long|asn1 parse error|asn1 lib|err ossl asn1/,
    says: corrupt,
    unless: anyOf(duringHandshake, noMemory),
  },
  // The signature of a certificate that cannot be decoded: a certificate of the other end.
  {
    when: /asn1 encoding routines|nested asn1 error|asn1 lib/,
    says: refusedSomehow,
    unless: anyOf(/load|\.pem|\.key/, noMemory),
  },
  // The machine, or the pool of the program, is out of memory: nothing is known about the file.
  {
    when: noMemory,
    says: { rank: rank.reason, causes: ['machine.memory'], topic: 'service' },
    only: aboutTls,
  },
  {
    when: /(?:decoder routines|err ossl unsupported|osslunsupported)[^|]*unsupported|err ossl unsupported/,
    says: own(['key.malformed'], { certificate: ['file.corrupt'], trust: ['trust.malformed'] }),
  },
  {
    when: /could not read (?:.* )?private key from/,
    says: { ...own(['key.malformed', 'key.encrypted', 'key.passphrase-wrong']), rank: rank.refusal },
  },
  {
    when: /could not read (?:.* )?certificate(?:s)? from/,
    says: own(['file.wrong-kind', 'file.corrupt', 'file.not-pem', 'file.der']),
  },
  {
    when: /problems getting password|bad password read|interrupted or cancelled|enter pem pass ?phrase/,
    says: own(['key.encrypted']),
  },
  {
    when: /bad decrypt\b|pkcs12 cipherfinal error/,
    says: own(['key.encrypted', 'key.passphrase-wrong']),
    unless: /ssl3|record/,
  },
  { when: /mac verify (?:failure|error)|invalid password\?/, says: own(['file.pfx-password']) },
  { when: /no certificate or crl found/, says: own(sets.emptyTrust) },
  {
    when: /\bpem lib\b/,
    says: {
      ...own(['file.not-pem', 'file.empty', 'file.der', 'file.wrong-kind', 'file.corrupt', 'key.malformed'], {
        key: sets.badKeyFile,
        trust: sets.emptyTrust,
      }),
      rank: rank.refusal,
    },
  },
  // Programs name the call that failed (SIPp, webrtc2sip, nginx).
  {
    when: /ssl ctx use certificate(?: chain)? ?file ?(?:\([^)]*\) ?)?failed/,
    says: { ...own(['file.missing', 'file.not-pem', 'file.corrupt', 'file.unreadable']), rank: rank.refusal },
  },
  {
    when: /ssl ctx use privatekey ?file ?(?:\([^)]*\) ?)?failed/,
    says: { ...own(['key.missing', 'key.malformed', 'key.mismatch', 'key.unreadable']), rank: rank.refusal },
  },
  {
    when: /no such file or directory|\bno such file\b|enoent/,
    says: missing,
    only: aboutTls,
  },
  {
    when: /(?:\.pem|\.key|\.crt|\.cer|certificate|private key|bio|fopen).*(?:permission denied|eacces)|(?:permission denied|eacces).*(?:\.pem|\.key|\.crt|\.cer|certificate|private key)/,
    says: unreadable,
  },
  { when: /certificate verif(?:y failed|ication error|ication failed)/, says: refusedSomehow },
]

function ofErrorNumber(match: RegExpExecArray): Saying | undefined {
  const packed = Number.parseInt(match[1] ?? '', 16)
  const library = packed >>> 24
  // OpenSSL 1.x: 8 bits library, 12 bits function, 12 bits reason. OpenSSL 3: 1 bit system, 8 bits library, 23 bits.
  const isSslOf1 = library === 0x14
  const isSslOf3 = packed >>> 23 === 0x14
  if (!isSslOf1 && !isSslOf3) return undefined
  const reason = isSslOf3 ? packed & 0x7fffff : packed & 0xfff
  if (reason === endOfFile && idle.test(match.input)) return undefined
  return reason >= 1000 && reason < 1256 ? alertReceived(reason - 1000) : sslReasons[reason]
}

const numbered = (match: RegExpExecArray): Saying | undefined => verifyResult(Number(match[1]))

const alerts: readonly Rule[] = [
  { when: /alert number (\d{1,3})\b/, says: receivedByNumber, only: aboutTls },
  {
    when: /(?:sslv3|tlsv1|tlsv13|ssl\/tls|tlsv1\.\d) (?:alert )?([a-z ]+)/,
    says: receivedByName,
    unless: /alert write|\(out\)/,
  },
  // The message callback of OpenSSL, as reSIProcate, curl and stunnel print it.
  { when: /alert read ?[:(] ?(?:fatal|warning) ?[:)] ?([a-z ]+)/, says: receivedByName },
  { when: /alert write ?[:(] ?(?:fatal|warning) ?[:)] ?([a-z ]+)/, says: sentByName('openssl') },
  { when: /\(in\), tls alert, ([a-z ]+)/, says: receivedByName },
  { when: /\(out\), tls alert, ([a-z ]+)/, says: sentByName('openssl') },
]

const byNumber: readonly Rule[] = [
  { when: /\berror: ?([0-9a-f]{8})\b/, says: ofErrorNumber },
  { when: /(?:^|[^0-9a-z])([01][0-9a-f]{7}):ssl routines/, says: ofErrorNumber },
  { when: /verify error:num=(\d{1,3})\b/, says: numbered },
  { when: /verify return code: ?(\d{1,3})\b/, says: numbered },
  { when: /\[?error ?= ?(\d{1,3})\b\]?/, says: numbered },
  { when: /verification failed, error (\d{1,3})\b/, says: numbered },
  { when: /verify error: ?\((\d{1,3}):/, says: numbered },
  { when: /\bx509[_ ]v[_ ]err[_ ](cert[_ ]has[_ ]expired)/, says: () => verifyResult(10) },
]

export const openssl: StackGrammar = {
  name: 'OpenSSL',
  rules: [
    ...alerts,
    ...byNumber,
    // `alert certificate revoked` and `certificate revoked` are the words of two different ends.
    ...verifyResults.map(({ words, says }): Rule => ({ when: words, says, unless: /\balert\b|remote error/ })),
    ...reasons,
  ],
  samples: [
    {
      text: 'error:14094418:SSL routines:SSL3_READ_BYTES:tlsv1 alert unknown ca',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    {
      text:
        '804B975C547F0000:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ' +
        'ca:ssl/record/rec_layer_s3.c:1605:SSL alert number 48',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    { text: 'error:0A000086', first: 'chain.untrusted-root', whose: 'theirs', who: 'us' },
    { text: 'verify error:num=62:hostname mismatch', first: 'cert.name-mismatch', whose: 'theirs', who: 'us' },
    { text: 'error:0A00018A:SSL routines::dh key too small', first: 'tls.dh-too-small', who: 'us' },
  ],
}

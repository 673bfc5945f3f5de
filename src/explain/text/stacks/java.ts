/** OpenJDK 8 to 21, SunJSSE and the PKIX checkers (sun.security.ssl, sun.security.provider.certpath). */
import {
  aboutTls,
  closed,
  handshake,
  own,
  receivedByName,
  receivedByNumber,
  refused,
  refusedSomehow,
  sets,
  alertSent,
  sentByName,
} from '../grammar.ts'
import type { StackGrammar } from '../grammar.ts'

export const java: StackGrammar = {
  name: 'Java',
  rules: [
    { when: /received fatal alert: ([a-z ]+)/, says: receivedByName },
    { when: /\brecv tlsv1(?:\.\d)? alert: (?:fatal|warning), (?:description = )?([a-z ]+)/, says: receivedByName },
    {
      when: /\bsend tlsv1(?:\.\d)? alert: fatal, (?:description = )?([a-z ]+)/,
      says: sentByName('java'),
    },
    { when: /peer provided certificate with subject .* is not trusted/, says: refused(...sets.noPath) },
    {
      when: /certificatenotyetvalidexception|\bnotbefore: [a-z]{3} /,
      says: refused(...sets.notYetValid.unknown),
      unless: /^notbefore=/,
    },
    {
      when: /certificateexpiredexception|\bnotafter: [a-z]{3} /,
      says: refused(...sets.expired.unknown),
      unless: /^notafter=/,
    },
    {
      when: /validity check failed|timestamp check failed/,
      says: refused(...sets.anyDate, 'chain.expired', 'chain.root-expired'),
    },
    {
      when: /constraints check failed on signature algorithm|signature algorithm.*(?:sha1|md5)with/,
      says: refused('cert.signature-weak', 'chain.signature-weak'),
    },
    { when: /socketexception: (?:connection reset|broken pipe|connection or outbound)/, says: closed },
    {
      when: /closing inbound before receiving peer's close notify|received close notify during handshake/,
      says: closed,
    },
    { when: /read timed out|sockettimeoutexception/, says: handshake(['tls.handshake-timeout']) },
    {
      when: /protocol versions? ?\[.*not accepted|not accepted by (?:server|client) preferences/,
      says: handshake(['tls.no-common-version'], 'us'),
    },
    {
      when: /invalidkeyspecexception|invalidkeyexception|invalid key format|illegal base64 character/,
      says: own(['key.malformed', 'key.encrypted', 'file.corrupt']),
    },
    {
      when: /nosuchfileexception|filenotfoundexception/,
      says: own(['file.missing', 'key.missing', 'trust.missing'], sets.missingFile),
    },
    {
      when: /unable to find valid certification path|no trusted certificate found|trust anchor for certification path not found|path does not chain with any of the trust anchors|no installed provider supports this key/,
      says: refused(...sets.noPath),
    },
    { when: /extended key usage does not permit/, says: refused(...sets.purpose.unknown) },
    { when: /keyusage does not allow/, says: refused('cert.ku-wrong') },
    {
      when: /no subject alternative (?:dns )?names? (?:present|matching)|no name matching .* found|no subject alternative names|doesn't match any of the subject alternative names|sslpeerunverifiedexception: hostname .* not verified/,
      says: refused('cert.name-mismatch'),
    },
    {
      when: /basic constraints check failed.*pathlen|pathlenconstraint violated/,
      says: refused('chain.path-too-long'),
    },
    {
      when: /basic constraints check failed|this is not a ca certificate|not a ca certificate/,
      says: refused('chain.not-a-ca'),
    },
    {
      when: /key ?usage (?:check )?(?:does not|failed).*keycertsign|keycertsign bit is not set|ca key usage check failed/,
      says: refused('chain.no-cert-sign', 'chain.not-a-ca'),
    },
    { when: /name constraints? (?:check )?(?:failed|violat)|name constraints/, says: refused('chain.name-constraint') },
    { when: /unrecogni[sz]ed critical extension/, says: refused('cert.critical-extension') },
    {
      when: /certificate has been revoked|certificaterevokedexception/,
      says: refused('cert.revoked', 'chain.revoked'),
    },
    {
      when: /(?:could not|unable to) determine revocation status/,
      says: refused('crl.missing', 'crl.unreachable', 'crl.expired'),
    },
    {
      when: /constraints? check failed.*(?:keysize|\d+bit key)|(?:rsa|ec|dsa) key size|keysize limits/,
      says: refused('cert.key-weak', 'chain.key-weak'),
    },
    {
      when: /algorithm constraints check failed|do(?:es)? not conform to algorithm constraints/,
      says: refused('cert.signature-weak', 'cert.key-weak', 'chain.signature-weak'),
      unless: /dh serverkeyexchange/,
    },
    {
      when: /dh serverkeyexchange does not comply|diffie-hellman.*(?:prime size|too small)|dh keypair.*too small/,
      says: handshake(['tls.dh-too-small'], 'us'),
    },
    {
      when: /signature check failed|signature does not match|signatureexception/,
      says: refused('cert.signature-invalid', 'chain.issuer-mismatch'),
      only: aboutTls,
    },
    {
      when: /subject\/issuer name chaining check failed/,
      says: refused('chain.issuer-mismatch', 'chain.out-of-order'),
    },
    {
      when: /empty (?:client|server) certificate chain|null cert chain|bad certificate.*empty chain/,
      says: refused('tls.client-cert-missing'),
    },
    { when: /empty server certificate chain/, says: handshake(['tls.own-cert-missing'], 'us') },
    {
      when: /no cipher suites in common/,
      says: handshake(['tls.no-common-cipher', 'tls.own-cert-missing', 'tls.no-common-signature'], 'us'),
    },
    {
      when: /client requested protocol .* is not enabled|server selected protocol version .* is not accepted|no appropriate protocol|supported versions? .*not (?:enabled|supported)/,
      says: handshake(['tls.no-common-version'], 'us'),
    },
    {
      when: /unsupported or unrecogni[sz]ed ssl message|plaintext connection\?|notsslrecordexception|not an ssl\/tls record/,
      says: handshake(['tls.not-tls'], 'us'),
    },
    {
      when: /no (?:available|supported) authentication scheme|no supported signature algorithm|no preferred signature algorithm/,
      says: handshake(['tls.no-common-signature', 'tls.own-cert-missing', 'tls.no-common-cipher'], 'us'),
    },
    {
      when: /no (?:supported|usable) named group|unsupported named group|no available (?:named )?group|no acceptable (?:named )?group|named group .*not/,
      says: handshake(['tls.no-common-group'], 'us'),
    },
    { when: /unrecogni[sz]ed server name indication/, says: handshake(['tls.name-unknown'], 'us') },
    {
      when: /unsafe renegotiation|failed to negotiate the use of secure renegotiation/,
      says: handshake(['tls.legacy-renegotiation'], 'us'),
    },
    { when: /aead cipher fragment|tag mismatch/, says: closed },
    {
      when: /remote host (?:terminated|closed)|ssl peer shut down incorrectly|connection or outbound has closed/,
      says: closed,
    },
    { when: /trustanchors parameter must be non-empty/, says: own(sets.emptyTrust) },
    {
      when: /keystore was tampered with|keystore password was incorrect|failed to decrypt safe contents/,
      says: own(['file.pfx-password', 'key.passphrase-wrong']),
    },
    // Bouncy Castle: an alert of its own, and one that came.
    { when: /tlsfatalalertreceived: [a-z ]+\((\d{1,3})\)/, says: receivedByNumber },
    {
      when: /tlsfatalalert: [a-z ]+\(40\)/,
      says: handshake(['tls.no-common-cipher', 'tls.no-common-signature', 'tls.no-common-group'], 'us'),
    },
    {
      when: /tlsfatalalert: [a-z ]+\((\d{1,3})\)/,
      says: (match) => alertSent(Number(match[1])),
      unless: /\(40\)/,
    },
    { when: /password must not be null/, says: own(['key.encrypted', 'file.pfx-password']), only: /key/ },
    { when: /cannot recover key|get key failed/, says: own(['key.passphrase-wrong', 'key.encrypted']) },
    { when: /invalid keystore format/, says: own(['file.wrong-kind', 'file.corrupt', 'file.pfx-malformed']) },
    { when: /input not an x\.?509 certificate/, says: own(['file.wrong-kind', 'file.corrupt', 'file.not-pem']) },
    { when: /private key must be accompanied by certificate chain/, says: own(['key.mismatch']) },
    {
      when: /could not parse certificate|unable to initialize.*(?:ioexception|certificate)|invalid der-encoded/,
      says: own(['file.corrupt', 'file.not-pem', 'file.empty']),
    },
    {
      when: /pkix path (?:building|validation) failed|sun ?certpathbuilderexception|validatorexception/,
      says: refusedSomehow,
    },
  ],
  samples: [
    {
      text:
        'javax.net.ssl.SSLHandshakeException: PKIX path building failed: ' +
        'sun.security.provider.certpath.SunCertPathBuilderException: unable to find valid certification path to ' +
        'requested target',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'javax.net.ssl.SSLHandshakeException: Received fatal alert: certificate_unknown',
      first: 'chain.untrusted-root',
      whose: 'ours',
      who: 'them',
    },
    {
      text: 'javax.net.ssl.SSLHandshakeException: Empty client certificate chain',
      first: 'tls.client-cert-missing',
      whose: 'theirs',
      who: 'us',
    },
    {
      text: 'Extended key usage does not permit use for TLS client authentication',
      first: 'cert.eku-missing',
      whose: 'theirs',
      who: 'us',
    },
  ],
}

/**
 * Clients beside the SIP world that people try against the same port: curl, wget, browsers (net/base/net_error_list.h
 * of Chromium), Apple systems (SecureTransport.h), PHP, Ruby and Perl, and Envoy in front of servers.
 */
import { alertReceived, closed, handshake, outside, own, rank, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Rule, Saying, StackGrammar } from '../grammar.ts'

const noName = refused('cert.name-mismatch', 'cert.san-missing')
const unknownIssuer = refused(...sets.noPath)
const anyDate = refused(...sets.anyDate, 'chain.expired', 'chain.root-expired')

/** `OSStatus` of SecureTransport, also in `kCFStreamErrorDomainSSL`. */
const apple: Readonly<Record<number, Saying>> = {
  9800: handshake(['tls.handshake-failed', 'tls.not-tls', 'tls.no-common-version'], 'us'),
  9801: handshake(['tls.no-common-cipher', 'tls.no-common-version']),
  9805: closed,
  9806: closed,
  9807: refusedSomehow,
  9808: refusedSomehow,
  9812: unknownIssuer,
  9813: unknownIssuer,
  9814: refused(...sets.expired.unknown),
  9815: refused(...sets.notYetValid.unknown),
  9816: closed,
  9824: alertReceived(40),
  9825: alertReceived(42),
  9826: alertReceived(43),
  9827: alertReceived(44),
  9828: alertReceived(45),
  9829: alertReceived(46),
  9831: alertReceived(48),
  9832: alertReceived(49),
  9836: alertReceived(70),
  9843: refused('cert.name-mismatch'),
}

const browsers: readonly Rule[] = [
  { when: /err cert authority invalid/, says: unknownIssuer },
  { when: /err cert date invalid/, says: anyDate },
  { when: /err cert common name invalid/, says: noName },
  { when: /err cert revoked/, says: refused('cert.revoked', 'chain.revoked') },
  { when: /err cert weak signature algorithm/, says: refused('cert.signature-weak', 'chain.signature-weak') },
  { when: /err cert weak key/, says: refused('cert.key-weak', 'chain.key-weak') },
  { when: /err cert name constraint violation/, says: refused('chain.name-constraint') },
  { when: /err cert validity too long/, says: refused('cert.lifetime-too-long') },
  { when: /err cert invalid/, says: refusedSomehow },
  {
    when: /err ssl version or cipher mismatch/,
    says: handshake(['tls.no-common-version', 'tls.no-common-cipher', 'tls.own-cert-missing']),
  },
  {
    when: /err ssl client auth cert needed/,
    says: { rank: rank.reason, causes: ['tls.client-cert-missing'], whose: 'ours', who: 'them' },
  },
  // Chromium maps every alert about its own certificate to this error.
  {
    when: /err bad ssl client auth cert/,
    says: {
      ...refusedSomehow,
      causes: ['tls.client-cert-missing', ...refusedSomehow.causes],
      whose: 'ours',
      who: 'them',
    },
  },
  { when: /err connection refused/, says: outside('tcp', 'link.refused') },
  { when: /err name not resolved/, says: outside('dns', 'dns.not-found') },
  {
    when: /certificate for this server is invalid\. you might be connecting to a server that is pretending/,
    says: { ...refusedSomehow, causes: [...refusedSomehow.causes, 'cert.name-mismatch'] },
  },
]

const commandLine: readonly Rule[] = [
  {
    when: /no alternative certificate subject name matches|certificate subject name .* does not match target/,
    says: noName,
  },
  { when: /certificate's owner does not match host ?name/, says: noName },
  { when: /certificate common name .* doesn't match requested host ?name/, says: noName },
  {
    when: /the certificate of .* is not trusted|the certificate of .* doesn't have a known issuer/,
    says: unknownIssuer,
  },
  { when: /unable to locally verify the issuer's authority/, says: unknownIssuer },
  { when: /the certificate of .* has expired/, says: refused(...sets.expired.unknown) },
  { when: /the certificate of .* is not yet activated/, says: refused(...sets.notYetValid.unknown) },
  { when: /the certificate of .* has been revoked/, says: refused('cert.revoked') },
  {
    when: /unable to set private key file/,
    says: own(['key.mismatch', 'key.malformed', 'key.encrypted', 'key.missing']),
  },
  {
    when: /unable to (?:use|set) client certificate|could not load pem client certificate/,
    says: { ...own(['file.missing', 'file.not-pem', 'file.corrupt']), rank: rank.refusal },
  },
  {
    when: /error (?:setting|adding) (?:certificate verify locations|trust anchors)/,
    says: own(['trust.missing', 'trust.malformed', 'trust.empty']),
  },
  { when: /failed to import cert file .*password is bad/, says: own(['file.pfx-password']) },
  // GLib and what is built on it
  { when: /unacceptable tls certificate/, says: refusedSomehow },
  { when: /curl: \(91\)|no ocsp response received/, says: refused('tls.staple-missing') },
  // PHP, Ruby
  { when: /peer certificate cn=.* did not match expected cn=/, says: noName },
  { when: /ssl connect syscall returned=5/, says: closed },
]

const envoy: readonly Rule[] = [
  { when: /verify cert failed: verify san list/, says: refused('cert.name-mismatch', 'cert.san-missing') },
  { when: /secret is not supplied by sds/, says: own(['tls.own-cert-missing', 'config.certificate-unassigned']) },
]

export const webClients: StackGrammar = {
  name: 'curl, browsers, Apple, PHP, Ruby, Envoy',
  rules: [
    ...commandLine,
    ...browsers,
    ...envoy,
    {
      when: /(?:ssl ?handshake|cfnetwork|domainssl|securetransport|errssl[a-z]*)\D{0,24}-(98[0-4]\d)\b/,
      says: (match) => apple[Number(match[1])],
    },
  ],
  samples: [
    { text: 'net::ERR_CERT_AUTHORITY_INVALID', first: 'chain.untrusted-root', whose: 'theirs', who: 'us' },
    { text: 'CFNetwork SSLHandshake failed (-9814)', first: 'cert.expired', whose: 'theirs', who: 'us' },
    {
      text: "curl: (60) SSL: no alternative certificate subject name matches target host name 'sip.example.com'",
      first: 'cert.name-mismatch',
      whose: 'theirs',
      who: 'us',
    },
  ],
}

/** Asterisk 13 to 22 with chan_sip and PJSIP (pjlib ssl_sock_ossl.c, sip_transport_tls.c), beyond OpenSSL. */
import { broken, closed, handshake, own, rank, refused, refusedSomehow, sets } from '../grammar.ts'
import type { Rule, StackGrammar } from '../grammar.ts'

/** `pj_ssl_cert_get_verify_status_strings` (pjlib/src/pj/ssl_sock_common.c). */
const pjsipStatus: readonly Rule[] = [
  { when: /the issuer certificate cannot be found/, says: refused(...sets.noPath) },
  { when: /\bthe certificate is untrusted\b/, says: refused(...sets.noPath) },
  { when: /certificate has expired or not yet valid/, says: refused(...sets.anyDate) },
  { when: /fields of the certificate cannot be decoded/, says: refused('cert.malformed') },
  { when: /cannot be used for the specified purpose/, says: refused(...sets.purpose.unknown) },
  { when: /does not match to the \(candidate\) issuer certificate/, says: refused('chain.issuer-mismatch') },
  { when: /the crl certificate cannot be found/, says: refused('crl.missing', 'crl.malformed') },
  { when: /certificate chain length is too long/, says: refused('chain.too-deep', 'chain.path-too-long') },
  {
    when: /certificate signature is created using a weak hashing/,
    says: refused('cert.signature-weak', 'chain.signature-weak'),
  },
]

export const asterisk: StackGrammar = {
  name: 'Asterisk, PJSIP',
  rules: [
    {
      when: /is not fully reloadable, not reloading/,
      says: { rank: rank.reason, causes: ['cert.not-reloaded'], whose: 'ours' },
    },
    { when: /pjsip tls ecertverif|ssl certificate verification error/, says: refusedSomehow },
    { when: /pj ssl cert eidentity not match|identity not match/, says: refused('cert.name-mismatch') },
    { when: /pj ssl cert evalidity period|certificate (?:is )?out of its validity/, says: refused(...sets.anyDate) },
    { when: /pj ssl cert euntrusted/, says: refused(...sets.noPath) },
    { when: /pj ssl cert eissuer not found/, says: refused(...sets.noPath) },
    { when: /pj ssl cert erevoked/, says: refused('cert.revoked') },
    { when: /pj ssl cert einvalid purpose/, says: refused(...sets.purpose.unknown) },
    {
      when: /pjsip tls ecacert|pjsip tls ekeyfile|pjsip tls ecertfile/,
      says: own(['file.missing', 'file.not-pem', 'key.missing', 'key.mismatch', 'trust.missing']),
    },
    {
      when: /common name mismatch|certificate common name (?:from peer \S+ )?(?:\(.*\) does|did) not match|server identity does not match/,
      says: refused('cert.name-mismatch'),
    },
    ...pjsipStatus,
    {
      when: /(?:cert|ca list) file .*is either missing or not readable/,
      says: own(['file.missing', 'file.unreadable'], { trust: ['trust.missing'] }),
    },
    {
      when: /priv ?key file .*is either missing or not readable/,
      says: own(['key.missing', 'key.unreadable']),
    },
    { when: /pjsip tls ehandshake/, says: broken },
    { when: /certificate did not verify/, says: refusedSomehow },
    { when: /peer did not provide a certificate|no peer ssl certificate/, says: refused('tls.client-cert-missing') },
    {
      when: /tls\/ssl error loading private (?:\w+ )?(?:key|file)|specified private key (?:file \S+ )?for rtp instance/,
      says: { ...own(['key.missing', 'key.malformed', 'key.mismatch']), rank: rank.refusal },
    },
    {
      when: /tls\/ssl error loading (?:cert|public)|specified certificate (?:file \S+ )?for rtp instance/,
      says: { ...own(['file.missing', 'file.not-pem', 'file.corrupt']), rank: rank.refusal },
    },
    {
      when: /specified certificate authority (?:file|path) \S+ for rtp instance/,
      says: { ...own(['trust.missing', 'trust.malformed']), rank: rank.refusal },
    },
    { when: /(?:problem setting|unable to set) up ssl connection/, says: broken },
    { when: /ssl (?:error )?(?:zero return|syscall)|underlying bio error|end-of-file encountered/, says: closed },
    { when: /wrong ssl\/tls version|bad tls version/, says: handshake(['tls.no-common-version']) },
  ],
  samples: [
    {
      text:
        "Transport 'transport-tls' is not fully reloadable, not reloading: " +
        'protocol, bind, TLS, TCP, ToS, or CoS options.',
      first: 'cert.not-reloaded',
      whose: 'ours',
    },
    {
      text: 'TLS connect() error: [code=171173] SSL certificate verification error (PJSIP_TLS_ECERTVERIF)',
      first: 'chain.untrusted-root',
      whose: 'theirs',
      who: 'us',
    },
    { text: 'SSL 6 [SSL_ERROR_ZERO_RETURN] (Read) ret: 0 len: 65535', first: 'chain.untrusted-root', who: 'them' },
  ],
}

/** Every verdict code of siplab, once: what it means, what Windows calls it, the rule behind it and its remedy. */
import { placedRemedy, withCertificate } from './remedy.ts'
import type { Verdict, VerdictCertificate } from './verdict.ts'
import { windowsCode, type WindowsCodeName } from './windows-codes.ts'

interface CodeEntry {
  /** One sentence; `{certificate}` stands for the certificate concerned. */
  readonly meaning: string
  /** The same where the certificate concerned is the CA itself; `{subject}` stands for its subject. */
  readonly ofCa?: string
  /**
   * The code an administrator of a Windows server would look for first, then what else may be seen. Absent: none known.
   */
  readonly windows?: readonly [WindowsCodeName, ...WindowsCodeName[]]
  /** True where the mapping to `windows` is ours. */
  readonly inferred?: true
  /** What was wanted, with its source. */
  readonly rule: string
  readonly remedy: string
  /** `error` refuses the link or the start; `warning` is only shown. */
  readonly weight?: 'warning'
}

const renew = 'renew {certificate} of NODE: siplab certs renew NODE'
/** What `certs renew` makes has names, purposes, key and issuer as the plan has them. */
const reissue = again('')
const sameTls = 'siplab settings DIALLER tls --reset; siplab settings ACCEPTOR tls --reset'
const newLists = 'siplab certs crls REFUSER'
const roots = 'siplab certs trust REFUSER --reset'
const renewAndLists = `siplab certs renew NODE; ${newLists}`
const oneAuthority = `${roots}; siplab certs renew NODE`

const table = {
  // The certificate itself
  'cert.expired': {
    meaning: '{certificate} has expired',
    windows: ['CERT_E_EXPIRED', 'SEC_E_CERT_EXPIRED'],
    rule: 'notAfter is in the future (RFC 5280 §4.1.2.5)',
    remedy: renew,
  },
  'cert.not-yet-valid': {
    meaning: '{certificate} is not valid yet',
    windows: ['CERT_E_EXPIRED'],
    rule: 'notBefore is in the past (RFC 5280 §4.1.2.5)',
    remedy:
      'compare the clocks of both ends; if both are right, issue {certificate} of NODE again: siplab certs renew NODE',
  },
  'cert.expires-soon': {
    meaning: '{certificate} is in the last third of its lifetime',
    rule: 'a certificate is renewed before one third of its lifetime is left',
    remedy: renew,
    weight: 'warning',
  },
  'cert.not-reloaded': {
    meaning: 'the server still shows an older certificate than the one in its file',
    rule: 'a server loads a renewed certificate',
    remedy: 'let NODE load its certificate again: siplab node restart NODE',
  },
  'cert.name-mismatch': {
    meaning: '{certificate} does not carry the expected name',
    windows: ['SEC_E_WRONG_PRINCIPAL', 'CERT_E_CN_NO_MATCH'],
    rule: 'a name in the certificate equals the name that was dialled (RFC 5922 §7.2)',
    remedy: 'dial a name that {certificate} carries, or issue it again for NODE: siplab certs renew NODE',
  },
  'cert.name-not-allowed': {
    meaning: '{certificate} carries no name that this server trusts',
    windows: ['SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH'],
    rule: 'a name in the certificate is in the list of trusted servers',
    remedy:
      'add the name to the list of trusted servers of REFUSER, or issue {certificate} of NODE again with the name ' +
      'of NODE: siplab certs renew NODE',
  },
  'cert.name-missing': {
    meaning: '{certificate} carries no name at all',
    windows: ['CERT_E_INVALID_NAME'],
    inferred: true,
    rule: 'a subject or a SAN is present (RFC 5280 §4.1.2.6)',
    remedy: reissue,
  },
  'cert.subject-missing': {
    meaning: '{certificate} has no subject',
    rule: 'the subject CN is the FQDN of the server or pool',
    remedy: reissue,
    weight: 'warning',
  },
  'cert.san-missing': {
    meaning: '{certificate} has its name in the subject only',
    rule: 'the name is in a SAN (RFC 9525 §2)',
    remedy: again(' with a DNS SAN'),
    weight: 'warning',
  },
  'cert.san-malformed': {
    meaning: '{certificate} has a SAN that cannot be read',
    windows: ['CERT_E_MALFORMED'],
    inferred: true,
    rule: 'a SAN is a well-formed general name (RFC 5280 §4.2.1.6)',
    remedy: reissue,
  },
  'cert.cn-not-in-san': {
    meaning: '{certificate} has a subject CN that its SAN list does not repeat',
    windows: ['CERT_E_CN_NO_MATCH'],
    rule: 'when a SAN list is present it repeats the subject name',
    remedy: again(' with the subject name as SAN'),
  },
  'cert.wildcard': {
    meaning: '{certificate} carries a wildcard where none is allowed',
    windows: ['CERT_E_CN_NO_MATCH'],
    inferred: true,
    rule: 'no wildcard names for SIP (RFC 5922 §7.2)',
    remedy: again(' with full names'),
  },
  'cert.eku-missing': {
    meaning: '{certificate} may not be used in this direction',
    windows: ['CERT_E_WRONG_USAGE', 'SEC_E_CERT_UNKNOWN', 'SEC_E_CERT_WRONG_USAGE'],
    rule: 'extended key usage holds serverAuth where it is dialled and clientAuth where it dials (RFC 5280 §4.2.1.12)',
    remedy:
      'let a private CA issue {certificate} of NODE again with serverAuth and clientAuth, because public CAs stop ' +
      'issuing clientAuth in 2026: siplab certs renew NODE',
  },
  'cert.eku-absent': {
    meaning: '{certificate} has no extended key usage',
    rule: 'extended key usage is present',
    remedy: reissue,
    weight: 'warning',
  },
  'cert.ku-wrong': {
    meaning: '{certificate} has a key usage that excludes signing the handshake',
    windows: ['CERT_E_PURPOSE'],
    inferred: true,
    rule: 'key usage holds digitalSignature (RFC 5280 §4.2.1.3)',
    remedy: reissue,
  },
  'cert.is-ca': {
    meaning: '{certificate} of a server is itself a CA',
    rule: 'an end certificate is no CA (RFC 5280 §4.2.1.9)',
    remedy: reissue,
    weight: 'warning',
  },
  'cert.revoked': {
    meaning: '{certificate} is revoked',
    windows: ['CRYPT_E_REVOKED', 'CERT_E_REVOKED'],
    rule: 'the serial is on no CRL of its issuer (RFC 5280 §6.3)',
    remedy: 'issue a new certificate for NODE, because {certificate} stays revoked: siplab certs renew NODE',
  },
  'cert.self-signed': {
    meaning: '{certificate} is self-signed and is not in the trust list',
    windows: ['CERT_E_UNTRUSTEDROOT', 'SEC_E_UNTRUSTED_ROOT'],
    rule: 'the chain ends in a trusted root (RFC 5280 §6.1)',
    remedy:
      'replace {certificate} of NODE by a certificate of a CA in the trust list of REFUSER: siplab certs renew NODE',
  },
  'cert.signature-invalid': {
    meaning: 'the signature on {certificate} is wrong',
    windows: ['TRUST_E_CERT_SIGNATURE'],
    rule: 'the signature verifies with the key of the issuer (RFC 5280 §6.1.3)',
    remedy: 'copy {certificate} of NODE again from its source, or issue it again: siplab certs renew NODE',
  },
  'cert.signature-weak': {
    meaning: '{certificate} is signed with a digest that is too weak',
    windows: ['TRUST_E_CERT_SIGNATURE'],
    inferred: true,
    rule: 'SHA-256 or better',
    remedy: again(' with SHA-256'),
  },
  'cert.key-weak': {
    meaning: '{certificate} has a key that is too weak',
    windows: ['CERT_E_CHAINING'],
    inferred: true,
    rule: 'RSA of 2048 bits or more, or an elliptic curve of 256 bits',
    remedy: again(' with a stronger key'),
  },
  'cert.key-mismatch': {
    meaning: 'the peer signed the handshake with a key that does not belong to {certificate}',
    windows: ['NTE_BAD_PUBLIC_KEY'],
    inferred: true,
    rule: 'the handshake is signed by the key in the certificate',
    remedy:
      'install the private key that belongs to {certificate} of NODE, or issue both again: siplab certs renew NODE',
  },
  'cert.critical-extension': {
    meaning: '{certificate} has a critical extension that this end does not understand',
    windows: ['CERT_E_CRITICAL'],
    rule: 'critical extensions are understood (RFC 5280 §4.2)',
    remedy: reissue,
  },
  'cert.malformed': {
    meaning: '{certificate} is not well formed',
    windows: ['CERT_E_MALFORMED'],
    rule: 'the certificate follows RFC 5280 §4.1',
    remedy: reissue,
  },
  'cert.crl-point-missing': {
    meaning: '{certificate} names no CRL distribution point',
    windows: ['CRYPT_E_NO_REVOCATION_CHECK'],
    inferred: true,
    rule: 'a CRL distribution point is present (OCS 2007)',
    remedy: reissue,
  },
  'cert.lifetime-too-long': {
    meaning: '{certificate} lives longer than the policy allows',
    rule: 'lifetime within the limit of the profile (CA/B Forum SC-081)',
    remedy: reissue,
    weight: 'warning',
  },
  'cert.algorithm-unreadable': {
    meaning: '{certificate} uses an algorithm that servers of 2005 and 2007 cannot read',
    windows: ['SEC_E_ALGORITHM_MISMATCH'],
    inferred: true,
    rule: 'RSA only (LCS 2005, OCS 2007)',
    remedy: again(' with an RSA key'),
    weight: 'warning',
  },
  'cert.must-staple': {
    meaning: '{certificate} requires a stapled OCSP answer (must-staple)',
    rule: 'a certificate with the TLS feature status_request needs a stapled answer (RFC 7633)',
    remedy: 'let NODE staple an OCSP answer, or issue {certificate} again without must-staple: siplab certs renew NODE',
    weight: 'warning',
  },

  // The chain above it
  'chain.incomplete': {
    meaning: 'an issuer between {certificate} and the root was not sent',
    windows: ['CERT_E_CHAINING'],
    rule: 'every issuer but the root is sent (RFC 5246 §7.4.2, RFC 8446 §4.4.2)',
    remedy:
      'append the issuing CA to the certificate file of NODE, or issue it again with its chain: ' +
      'siplab certs renew NODE',
  },
  'chain.untrusted-root': {
    meaning: '{certificate} leads to a root that is not in the trust list',
    windows: ['CERT_E_UNTRUSTEDROOT', 'SEC_E_UNTRUSTED_ROOT'],
    rule: 'the chain ends in a trusted root (RFC 5280 §6.1)',
    remedy:
      'let a CA in the trust list of REFUSER issue the certificate of NODE, or add its root there: ' + oneAuthority,
  },
  'chain.partial-anchor': {
    meaning: 'the trust list holds an intermediate CA of {certificate} but not its root',
    windows: ['CERT_E_UNTRUSTEDROOT'],
    rule: 'the trust list holds self-signed roots',
    remedy: `put the root into the trust list of REFUSER: ${roots}`,
  },
  'chain.expired': {
    meaning: 'a CA above {certificate} has expired',
    ofCa: 'the CA certificate {subject} has expired',
    windows: ['CERT_E_EXPIRED'],
    rule: 'every certificate of the chain is valid now (RFC 5280 §6.1.3)',
    remedy:
      'let a CA that is valid now issue the certificate of NODE, and put its root into the trust list of REFUSER: ' +
      oneAuthority,
  },
  'chain.not-yet-valid': {
    meaning: 'a CA above {certificate} is not valid yet',
    ofCa: 'the CA certificate {subject} is not valid yet',
    windows: ['CERT_E_EXPIRED'],
    rule: 'every certificate of the chain is valid now (RFC 5280 §6.1.3)',
    remedy:
      'compare the clocks of both ends; if both are right, let a CA that is valid now issue the certificate of NODE: ' +
      'siplab certs renew NODE',
  },
  'chain.root-expired': {
    meaning: 'the trusted root of {certificate} has expired',
    ofCa: 'the trusted root {subject} has expired',
    windows: ['CERT_E_EXPIRED'],
    rule: 'the trusted root is valid now (Node and Windows; RFC 5280 leaves it open)',
    remedy:
      'put the renewed root into the trust list of REFUSER, and let that CA issue the certificate of NODE: ' +
      oneAuthority,
  },
  'chain.issuer-mismatch': {
    meaning: 'the CA with the issuer name of {certificate} is not the one that the certificate names',
    windows: ['CERT_E_CHAINING', 'TRUST_E_CERT_SIGNATURE'],
    rule: 'name and key of the issuer match (RFC 5280 §6.1.3)',
    remedy:
      'let the present CA issue the certificate of NODE again, and give REFUSER the certificate of that CA: ' +
      oneAuthority,
  },
  'chain.not-a-ca': {
    meaning: 'the certificate that signed {certificate} is not a CA certificate',
    ofCa: 'the issuer {subject} is not a CA',
    windows: ['TRUST_E_BASIC_CONSTRAINTS', 'CERT_E_ROLE'],
    rule: 'an issuer has basicConstraints cA (RFC 5280 §4.2.1.9)',
    remedy: 'let a real CA issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.no-cert-sign': {
    meaning: 'the issuer of {certificate} may not sign certificates',
    ofCa: 'the issuer {subject} may not sign certificates',
    windows: ['CERT_E_PURPOSE'],
    inferred: true,
    rule: 'the key usage of an issuer holds keyCertSign (RFC 5280 §4.2.1.3)',
    remedy: 'let a CA whose key usage has keyCertSign issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.path-too-long': {
    meaning: 'there are more CAs above {certificate} than one of them allows',
    ofCa: 'the CA certificate {subject} allows fewer CAs below it',
    windows: ['CERT_E_PATHLENCONST', 'TRUST_E_BASIC_CONSTRAINTS'],
    rule: 'no CA has more CAs below it than its pathLenConstraint allows (RFC 5280 §4.2.1.9)',
    remedy:
      'let a CA with fewer CAs above it issue the certificate of NODE, or raise the limit: siplab certs renew NODE',
  },
  'chain.name-constraint': {
    meaning: 'the name constraints of a CA above {certificate} exclude its name',
    ofCa: 'the name constraints of the CA certificate {subject} exclude this name',
    windows: ['CERT_E_INVALID_NAME'],
    rule: 'the names of the certificate are within the name constraints of its CAs (RFC 5280 §4.2.1.10)',
    remedy: 'let a CA whose name constraints allow the name issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.policy': {
    meaning: 'the certificate policies above {certificate} do not allow it',
    windows: ['CERT_E_INVALID_POLICY'],
    rule: 'the chain has the certificate policies that its CAs require (RFC 5280 §4.2.1.4)',
    remedy: 'let a CA whose policies allow it issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.eku-narrow': {
    meaning: 'a CA above {certificate} is limited to another purpose',
    ofCa: 'the CA certificate {subject} is limited to another purpose',
    windows: ['CERT_E_WRONG_USAGE'],
    rule: 'every CA with an extended key usage lists the purpose that is needed',
    remedy: 'let a CA without such an extended key usage issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.revoked': {
    meaning: 'a CA above {certificate} is revoked',
    ofCa: 'the CA certificate {subject} is revoked',
    windows: ['CRYPT_E_REVOKED', 'CERT_E_REVOKED'],
    rule: 'no CA of the chain is on a CRL (RFC 5280 §6.3)',
    remedy: `let a CA that is not revoked issue the certificate of NODE, and load its CRL at REFUSER: ${renewAndLists}`,
  },
  'chain.key-weak': {
    meaning: 'a CA above {certificate} has a key that is too weak',
    ofCa: 'the CA certificate {subject} has a key that is too weak',
    windows: ['CERT_E_CHAINING'],
    inferred: true,
    rule: 'RSA of 2048 bits or more, or an elliptic curve of 256 bits',
    remedy: 'let a CA with a stronger key issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.signature-weak': {
    meaning: 'a CA above {certificate} is signed with a digest that is too weak',
    ofCa: 'the CA certificate {subject} is signed with a digest that is too weak',
    windows: ['TRUST_E_CERT_SIGNATURE'],
    inferred: true,
    rule: 'SHA-256 or better',
    remedy: 'let a CA signed with SHA-256 issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.out-of-order': {
    meaning: 'the first certificate of the file is not the one of the server',
    rule: 'the certificate of the server comes first (RFC 8446 §4.4.2)',
    remedy: 'put the certificate of NODE first, then its issuer, or issue it again: siplab certs renew NODE',
  },
  'chain.too-deep': {
    meaning: 'the chain above {certificate} is longer than the limit',
    windows: ['CERT_E_CHAINING'],
    inferred: true,
    rule: 'the chain has no more CAs than the limit allows',
    remedy: 'let a CA with fewer CAs above it issue the certificate of NODE: siplab certs renew NODE',
  },
  'chain.malformed': {
    meaning: 'a CA certificate above {certificate} is not well formed',
    ofCa: 'the CA certificate {subject} is not well formed',
    windows: ['CERT_E_MALFORMED'],
    rule: 'RFC 5280 §4.2',
    remedy: 'let a CA whose certificate is well formed issue the certificate of NODE: siplab certs renew NODE',
  },

  // The handshake
  'tls.client-cert-missing': {
    meaning: 'the dialling end showed no certificate',
    windows: ['SEC_E_NO_CREDENTIALS', 'SEC_I_INCOMPLETE_CREDENTIALS'],
    rule: 'a server that dials another server shows a certificate (RFC 8446 §4.4.2)',
    remedy: 'let DIALLER show its certificate where it dials: siplab settings DIALLER tls --reset',
  },
  'tls.own-cert-missing': {
    meaning: 'this end has no usable certificate to show',
    windows: ['SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT', 'SEC_E_NO_CREDENTIALS'],
    rule: 'a certificate with its key is assigned',
    remedy: 'let NODE show its certificate: siplab settings NODE tls --reset',
  },
  'tls.no-common-version': {
    meaning: 'the two ends have no TLS version in common',
    windows: ['SEC_E_UNSUPPORTED_FUNCTION'],
    rule: 'both ends allow at least one common TLS version (RFC 8446 §4.2.1)',
    remedy: `allow TLS 1.2 or 1.3 at DIALLER and at ACCEPTOR: ${sameTls}`,
  },
  'tls.no-common-cipher': {
    meaning: 'the two ends have no cipher suite in common, or none that fits the certificate',
    windows: ['SEC_E_ALGORITHM_MISMATCH', 'SEC_E_ILLEGAL_MESSAGE'],
    rule: 'both ends allow at least one common cipher suite',
    remedy: `allow a common cipher suite at DIALLER and at ACCEPTOR: ${sameTls}`,
  },
  'tls.no-common-group': {
    meaning: 'the two ends have no key exchange group in common',
    windows: ['SEC_E_ILLEGAL_MESSAGE'],
    rule: 'both ends allow at least one common group (RFC 8446 §4.2.7)',
    remedy: `allow a common group such as P-256 at DIALLER and at ACCEPTOR: ${sameTls}`,
  },
  'tls.no-common-signature': {
    meaning: 'the two ends have no signature algorithm in common that fits the certificate',
    windows: ['SEC_E_ALGORITHM_MISMATCH'],
    rule: 'both ends allow at least one common signature algorithm (RFC 8446 §4.2.3)',
    remedy: `allow a common signature algorithm at DIALLER and at ACCEPTOR: ${sameTls}`,
  },
  'tls.alpn-mismatch': {
    meaning: 'the two ends have no application protocol in common',
    windows: ['SEC_E_APPLICATION_PROTOCOL_MISMATCH'],
    rule: 'both ends offer at least one common ALPN name (RFC 7301)',
    remedy: `offer the same ALPN protocol at DIALLER and at ACCEPTOR, or no ALPN: ${sameTls}`,
  },
  'tls.chain-too-large': {
    meaning: 'the certificate message is larger than the other end accepts',
    windows: ['SEC_E_ILLEGAL_MESSAGE'],
    inferred: true,
    rule: 'the certificate message stays below 100 kB',
    remedy: again(' with fewer names'),
  },
  'tls.peer-refused': {
    meaning: 'the other end closed the connection right after the handshake and probably refused our certificate',
    windows: ['WSAECONNRESET'],
    rule: 'a SIP answer follows the handshake',
    remedy: 'read the verdict of the other end: siplab events PEER',
  },
  'tls.alert': {
    meaning: 'the other end refused with a TLS alert',
    windows: ['SEC_E_ILLEGAL_MESSAGE'],
    rule: 'the handshake ends without an alert (RFC 8446 §6.2)',
    remedy: 'read the verdict of the other end: siplab events PEER',
  },
  'tls.handshake-failed': {
    meaning: 'the handshake broke',
    windows: ['SEC_E_ILLEGAL_MESSAGE'],
    rule: 'the handshake completes',
    remedy: 'check that both ends speak TLS on this port',
  },
  'tls.handshake-timeout': {
    meaning: 'the handshake did not finish in time',
    windows: ['WSAETIMEDOUT'],
    inferred: true,
    rule: 'the handshake completes in time',
    remedy: 'check that both ends speak TLS on this port',
  },
  'tls.session-resumed': {
    meaning: 'the connection resumed an earlier session, which skips every certificate check',
    rule: 'a full handshake on every MTLS connection',
    remedy: `switch session tickets off at DIALLER and at ACCEPTOR: ${sameTls}`,
  },
  'tls.staple-missing': {
    meaning: 'no OCSP answer was stapled',
    rule: 'RFC 6066 §8',
    remedy: 'let ACCEPTOR staple an answer, or let DIALLER accept a handshake without one: ' + sameTls,
    weight: 'warning',
  },
  'tls.staple-invalid': {
    meaning: 'the stapled OCSP answer is not usable',
    windows: ['CRYPT_E_NO_REVOCATION_CHECK'],
    inferred: true,
    rule: 'RFC 6960 §3.2',
    remedy: 'let ACCEPTOR staple a fresh answer of the issuer, or none: ' + sameTls,
  },

  // Keys
  'key.mismatch': {
    meaning: 'the key does not belong to {certificate}',
    windows: ['CRYPT_E_NO_KEY_PROPERTY', 'NTE_BAD_PUBLIC_KEY'],
    inferred: true,
    rule: 'the key file holds the private key of the first certificate',
    remedy:
      'install the private key that belongs to {certificate} of NODE, or issue both again: siplab certs renew NODE',
  },
  'key.missing': {
    meaning: 'there is no private key for {certificate}',
    windows: ['CRYPT_E_NO_KEY_PROPERTY', 'SEC_E_NO_CREDENTIALS'],
    rule: 'the key file exists and is not empty',
    remedy: 'install the private key of {certificate} of NODE, or issue both again: siplab certs renew NODE',
  },
  'key.unreadable': {
    meaning: 'the key file cannot be read',
    windows: ['NTE_BAD_KEYSET', 'NTE_PERM', 'SEC_E_UNKNOWN_CREDENTIALS'],
    rule: 'the account of the service may read the key file',
    remedy: 'give the account of the service read access to the key file',
  },
  'key.permissions': {
    meaning: 'other accounts may read the key file',
    windows: ['NTE_PERM'],
    inferred: true,
    rule: 'key files have mode 0600',
    remedy: 'let only the owner read the key file (mode 0600)',
  },
  'key.malformed': {
    meaning: 'the key file holds no private key that can be read',
    windows: ['NTE_BAD_KEY'],
    rule: 'PEM, PKCS#8, PKCS#1 or SEC1',
    remedy:
      'convert the key of NODE to PEM with openssl pkey, or issue key and certificate again: siplab certs renew NODE',
  },
  'key.encrypted': {
    meaning: 'the key file is encrypted and no passphrase is configured',
    windows: ['ERROR_INVALID_PASSWORD'],
    rule: 'keys of the lab are not encrypted',
    remedy: 'decrypt the key of NODE with openssl pkey, or issue key and certificate again: siplab certs renew NODE',
  },
  'key.passphrase-wrong': {
    meaning: 'the passphrase does not decrypt the key file',
    windows: ['ERROR_INVALID_PASSWORD'],
    rule: 'the passphrase decrypts the key',
    remedy: 'give the right passphrase, or issue key and certificate of NODE again: siplab certs renew NODE',
  },
  'key.too-weak': {
    meaning: 'the key of this end is too weak',
    windows: ['CERT_E_CHAINING'],
    inferred: true,
    rule: 'RSA of 2048 bits or more, or an elliptic curve of 256 bits',
    remedy: again(' with a stronger key'),
  },

  // Trust list
  'trust.missing': {
    meaning: 'no trust list is configured',
    windows: ['CERT_E_UNTRUSTEDROOT'],
    inferred: true,
    rule: 'MTLS needs a trust list of its own, not the built-in public roots',
    remedy: `configure a file with the roots that REFUSER trusts: ${roots}`,
  },
  'trust.empty': {
    meaning: 'the trust list is empty',
    windows: ['CERT_E_UNTRUSTEDROOT'],
    inferred: true,
    rule: 'the trust list holds at least one root',
    remedy: `put the root into the trust list of REFUSER: ${roots}`,
  },
  'trust.malformed': {
    meaning: 'the trust list holds no certificate that can be read',
    windows: ['CERT_E_UNTRUSTEDROOT'],
    inferred: true,
    rule: 'every block of the trust list is a certificate',
    remedy: `write the root as PEM into the trust list of REFUSER: ${roots}`,
  },
  'trust.partial': {
    meaning: 'a part of the trust list cannot be read',
    rule: 'as many certificates are loaded as the file has blocks',
    remedy: `copy the broken block of the trust list of REFUSER again from its source: ${roots}`,
  },
  'trust.shared': {
    meaning: 'both faces of the access proxy trust the same root',
    rule: 'the inside face trusts the internal roots, the outside face the public ones',
    remedy: `keep internal roots in trust.pem and public roots in trust-external.pem of REFUSER: ${roots}`,
    weight: 'warning',
  },
  'trust.too-long': {
    meaning: 'the trust list is longer than old peers can read',
    rule: 'less than 12 kB of CA names (Schannel cuts at 16 kB)',
    remedy: `remove roots that are not needed from the trust list of REFUSER: ${roots}`,
    weight: 'warning',
  },

  // CRLs
  'crl.missing': {
    meaning: 'there is no CRL for a CA above {certificate}',
    windows: ['CRYPT_E_NO_REVOCATION_CHECK', 'CERT_E_REVOCATION_FAILURE'],
    inferred: true,
    rule: 'if CRLs are checked, every CA of the chain has a CRL',
    remedy: `load the CRL of that CA at REFUSER: ${newLists}`,
  },
  'crl.expired': {
    meaning: 'a CRL is stale',
    windows: ['CRYPT_E_REVOCATION_OFFLINE'],
    inferred: true,
    rule: 'nextUpdate is in the future (RFC 5280 §5.1.2.5)',
    remedy: `load the CRL at REFUSER again from its distribution point: ${newLists}`,
  },
  'crl.not-yet-valid': {
    meaning: 'a CRL is not valid yet',
    windows: ['CRYPT_E_REVOCATION_OFFLINE'],
    inferred: true,
    rule: 'thisUpdate is in the past (RFC 5280 §5.1.2.4)',
    remedy: `compare the clocks of REFUSER and of the issuer; if both are right, load the CRL again: ${newLists}`,
  },
  'crl.signature-invalid': {
    meaning: 'the signature on a CRL is wrong',
    windows: ['TRUST_E_CERT_SIGNATURE'],
    rule: 'the CRL is signed by the CA it is for (RFC 5280 §6.3.3)',
    remedy: `load the CRL at REFUSER again from its distribution point: ${newLists}`,
  },
  'crl.no-crl-sign': {
    meaning: 'the CA may not sign CRLs',
    windows: ['CERT_E_REVOCATION_FAILURE'],
    inferred: true,
    rule: 'the key usage of the CRL issuer holds cRLSign (RFC 5280 §4.2.1.3)',
    remedy: `let a CA that may sign CRLs issue the certificate of NODE, and load its CRL at REFUSER: ${renewAndLists}`,
  },
  'crl.malformed': {
    meaning: 'a CRL file cannot be read',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM with the label X509 CRL',
    remedy: `convert the CRL of REFUSER with openssl crl, or load it again: ${newLists}`,
  },
  'crl.partial': {
    meaning: 'a CRL file holds more than one CRL',
    rule: 'one CRL per file',
    remedy: `put each CRL of REFUSER into a file of its own: ${newLists}`,
    weight: 'warning',
  },
  'crl.unreachable': {
    meaning: 'the CRL distribution point cannot be reached',
    windows: ['CRYPT_E_REVOCATION_OFFLINE', 'SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT'],
    rule: 'the distribution point answers by HTTP',
    remedy: 'open port 80 from this node to the host of the distribution point',
  },
  'crl.no-next-update': {
    meaning: 'a CRL has no nextUpdate and therefore never becomes stale',
    rule: 'nextUpdate is present (RFC 5280 §5.1.2.5)',
    remedy: `replace the CRL of REFUSER by one with nextUpdate: ${newLists}`,
    weight: 'warning',
  },
  'crl.not-checked': {
    meaning: 'revocation is not checked',
    rule: 'a CRL is configured',
    remedy: `configure the CRLs of the authorities at REFUSER: ${newLists}`,
    weight: 'warning',
  },

  // Files
  'file.missing': {
    meaning: 'a file is missing',
    windows: ['CRYPT_E_NOT_FOUND'],
    inferred: true,
    rule: 'the file exists',
    remedy: 'correct the path of the file, or issue the certificate of NODE again: siplab certs renew NODE',
  },
  'file.unreadable': {
    meaning: 'a file cannot be read',
    windows: ['NTE_PERM'],
    inferred: true,
    rule: 'the account of the service may read the file',
    remedy:
      'give the account of the service read access to the file, or issue the certificate of NODE again: ' +
      'siplab certs renew NODE',
  },
  'file.empty': {
    meaning: 'a certificate file is empty',
    windows: ['SEC_E_NO_CREDENTIALS'],
    rule: 'the file holds a certificate',
    remedy: reissue,
  },
  'file.not-pem': {
    meaning: 'a file is not PEM',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    rule: 'PEM with -----BEGIN CERTIFICATE-----',
    remedy: file('convert the file to PEM'),
  },
  'file.der': {
    meaning: 'a file is DER, not PEM',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM with -----BEGIN CERTIFICATE-----',
    remedy: file('convert the file with openssl x509 -inform der'),
  },
  'file.utf16': {
    meaning: 'a file is UTF-16 text',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM in ASCII',
    remedy: file('save the file as ASCII or UTF-8'),
  },
  'file.pkcs7': {
    meaning: 'a file is a PKCS #7 bundle',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM with -----BEGIN CERTIFICATE-----',
    remedy: file('convert the file with openssl pkcs7 -print_certs'),
  },
  'file.pfx': {
    meaning: 'a file is a PKCS #12 container',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM with -----BEGIN CERTIFICATE-----',
    remedy: 'convert the file: openssl pkcs12 -in FILE -out FILE.pem -nodes (add -legacy for containers of 2003)',
  },
  'file.pfx-legacy': {
    meaning: 'a PKCS #12 container uses encryption that is no longer read',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: '3DES or AES',
    remedy: 'write the container again: openssl pkcs12 -legacy -in FILE -nodes | openssl pkcs12 -export -out NEW',
  },
  'file.pfx-password': {
    meaning: 'the password does not open the PKCS #12 container',
    windows: ['ERROR_INVALID_PASSWORD'],
    rule: 'the password fits the container',
    remedy: 'give the right password',
  },
  'file.pfx-malformed': {
    meaning: 'a PKCS #12 container cannot be read',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'RFC 7292',
    remedy: 'export the container again',
  },
  'file.indented': {
    meaning: 'the lines of a PEM file are indented',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'PEM lines start at the left margin',
    remedy: file('remove the spaces at the start of the lines'),
  },
  'file.corrupt': {
    meaning: 'a PEM block cannot be read',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    rule: 'Base64 between BEGIN and END (RFC 7468)',
    remedy: file('copy the file again from its source'),
  },
  'file.wrong-kind': {
    meaning: 'a file does not contain what its setting requires',
    windows: ['CRYPT_E_ASN1_BADTAG'],
    inferred: true,
    rule: 'a certificate file contains certificates, a key file contains a key',
    remedy: file('correct the path of the file'),
  },
  'file.partial': {
    meaning: 'only a part of the certificate file can be read',
    rule: 'as many certificates are loaded as the file has blocks',
    remedy: file('copy the broken block again from its source'),
  },
  'file.trusted-label': {
    meaning: 'the file has the label TRUSTED CERTIFICATE, and the software ignores the rest of the chain',
    rule: 'PEM with -----BEGIN CERTIFICATE-----',
    remedy: file('convert the file with openssl x509'),
  },

  'file.root-included': {
    meaning: 'the file holds the root, which no peer needs',
    rule: 'a server sends its certificate and the CA certificates below the root (RFC 8446 §4.4.2)',
    remedy: 'remove the root from the file',
    weight: 'warning',
  },
  'file.key-inside': {
    meaning: 'the file with the certificates holds a private key too',
    rule: 'a private key has a file of its own, with mode 0600',
    remedy: 'move the key to a file of its own, and replace the key if anyone else received the file',
    weight: 'warning',
  },
  'file.two-leafs': {
    meaning: 'the file holds certificates of two servers',
    rule: 'one certificate of a server, then its issuers',
    remedy: 'keep the certificate that belongs to the key, and remove the other one',
  },
  'file.bom': {
    meaning: 'the file begins with a byte order mark',
    rule: 'PEM is ASCII and begins with -----BEGIN (RFC 7468)',
    remedy: 'save the file without a byte order mark',
    weight: 'warning',
  },

  // Links
  'link.large-segments-lost': {
    meaning: 'large TCP segments are lost between the ends',
    rule: 'a segment of the path MTU arrives, or an ICMP message says that it is too large (RFC 1191)',
    remedy: 'let firewalls between the ends pass ICMP, or lower the MTU or MSS of the interface',
  },
  'link.forbidden': {
    meaning: 'the link matrix of the plan does not allow this connection',
    windows: ['SEC_E_LOGON_DENIED'],
    inferred: true,
    rule: 'the peer is in the list of servers',
    remedy: 'add the peer to the list, or dial the right next hop: siplab plan',
  },
  'link.refused': {
    meaning: 'nothing listens at the other end',
    windows: ['WSAECONNREFUSED'],
    rule: 'the listener of the next hop is open',
    remedy:
      'if ACCEPTOR runs, switch its listener on; if it is stopped, start it: siplab mtls ACCEPTOR on; ' +
      'siplab node start ACCEPTOR',
  },
  'link.timeout': {
    meaning: 'the other end does not answer',
    windows: ['WSAETIMEDOUT'],
    rule: 'the next hop answers in time',
    remedy: 'check the firewall ports: siplab plan --format nftables',
  },
  'link.reset': {
    meaning: 'the connection was reset',
    windows: ['WSAECONNRESET'],
    rule: 'the connection stays open',
    remedy: 'read the verdict of the other end: siplab events PEER',
  },
  'link.unreachable': {
    meaning: 'there is no route to the other end',
    rule: 'the next hop can be reached',
    remedy: 'check the network of the node',
  },
  'link.cut': {
    meaning: 'the link is cut by a fault of the lab',
    windows: ['WSAETIMEDOUT'],
    inferred: true,
    rule: 'no fault is set',
    remedy: "remove the fault: siplab heal 'DIALLER->ACCEPTOR'",
  },
  'link.unconfirmed': {
    meaning: 'the handshake ended but no SIP answer followed',
    rule: 'the first SIP answer follows the handshake',
    remedy: 'read the verdict of the other end: siplab events PEER',
  },
  'link.name-mismatch': {
    meaning: 'the Via of the message names a server that the certificate of the connection does not name',
    windows: ['SIPPROXY_E_ROUTING_MSG_CERT_MISMATCH'],
    rule: 'the certificate carries the name in the Via of the message',
    remedy: 'compare the Via of the peer with the names in its certificate',
  },

  // Names and routes
  'dns.not-found': {
    meaning: 'the name does not exist',
    windows: ['WSAHOST_NOT_FOUND'],
    rule: 'the name has an address',
    remedy: 'add the record: siplab plan --format zone',
  },
  'dns.unreachable': {
    meaning: 'the DNS server does not answer',
    windows: ['WSAHOST_NOT_FOUND'],
    inferred: true,
    rule: 'the DNS server answers',
    remedy: 'start the DNS server of the lab',
  },
  'dns.wrong-target': {
    meaning: 'the DNS record points to the wrong host',
    windows: ['SEC_E_WRONG_PRINCIPAL'],
    inferred: true,
    rule: 'the record points to the host of the plan',
    remedy: 'correct the record: siplab plan --format zone',
  },
  'dns.srv-outside-domain': {
    meaning: 'the SRV target is outside the domain',
    windows: ['SIPPROXY_E_EPROUTING_MSG_ALLOWED_DOMAIN_NO_SRV_MATCH'],
    rule: 'the SRV target is a host directly in the domain',
    remedy: 'change the SRV record so that it names a host in the domain',
  },
  'route.abuse': {
    meaning: 'a Route header field has a value that this server did not issue',
    windows: ['SIPPROXY_E_ROUTING'],
    rule: 'Route repeats the Record-Route values of this dialog (RFC 3261 §12.2.1.1)',
    remedy: 'remove preset Route values from the client; within a dialog it sends only its own route set',
  },
  'route.token-old': {
    meaning: 'an earlier version of this server issued the Route value',
    rule: 'a Route value contains a sealed record of both ends of the dialog',
    remedy: 'end the call and place it again: a call from before an upgrade cannot continue after it',
  },
  'law.refused': {
    meaning: 'no row of the trust table allows the request',
    windows: ['SIPPROXY_E_ROUTING'],
    inferred: true,
    rule: 'a row of the trust table allows this peer, identity, dialog, method and target',
    remedy: 'read the trust table: siplab plan --format trust',
  },
  'route.no-flow': {
    meaning: 'the flow to the user is gone',
    windows: ['SIPPROXY_E_UNKNOWN_USER_OR_EPID'],
    inferred: true,
    rule: 'the flow of the binding is open (RFC 5626 §5.3)',
    remedy: 'the phone registers again',
  },
  'route.no-target': {
    meaning: 'there is no next hop for the request',
    windows: ['SIPPROXY_E_ROUTING'],
    inferred: true,
    rule: 'the target set is not empty (RFC 3261 §16.5)',
    remedy: 'check domain, static routes and next hop: siplab plan',
  },
  'route.next-hop-down': {
    meaning: 'no target of the next hop can be reached',
    windows: ['SIPPROXY_E_ROUTING'],
    inferred: true,
    rule: 'one target of the next hop answers (RFC 3263 §4.3)',
    remedy: 'see which nodes run: siplab status',
  },
  'route.loop': {
    meaning: 'the request came back to this server in a loop',
    windows: ['SIPPROXY_E_ROUTING'],
    inferred: true,
    rule: 'a request does not return to a server with the same target (RFC 5393)',
    remedy: 'compare the next hops of the nodes: siplab plan',
  },

  // SIP
  'tls.not-tls': {
    meaning: 'the port does not speak TLS',
    windows: ['SEC_E_ILLEGAL_MESSAGE'],
    inferred: true,
    rule: 'a TLS server listens on this port',
    remedy: 'check host and port',
  },
  'tls.name-unknown': {
    meaning: 'the server does not know the name in the ClientHello (SNI)',
    rule: 'the server has a certificate for the name that was dialled (RFC 6066 §3, alert 112)',
    remedy: `dial a name that the server knows, or give the server a certificate for this name: ${sameTls}`,
  },
  'tls.proxy-protocol': {
    meaning: 'one end speaks the PROXY protocol and the other end does not',
    rule: 'both ends of a connection agree whether a PROXY header comes first',
    remedy: `switch the PROXY protocol on at both ends, or off at both: ${sameTls}`,
  },
  'tls.legacy-renegotiation': {
    meaning: 'the other end offers no secure renegotiation',
    rule: 'both ends know RFC 5746',
    remedy: 'update the TLS library of the other end',
  },
  'tls.dh-too-small': {
    meaning: 'the Diffie-Hellman group of the server is too small',
    rule: 'a group of 2048 bits or more',
    remedy:
      'use a Diffie-Hellman group of 2048 bits or more at ACCEPTOR, or leave DHE cipher suites out: ' +
      'siplab settings ACCEPTOR tls --reset',
  },
  'tls.session-context': {
    meaning: 'the server resumes sessions but has no session id context',
    rule: 'a server that asks for client certificates sets a session id context',
    remedy: 'set the session id context on the server, or switch session resumption off',
  },
  'tls.hello-too-large': {
    meaning: 'the ClientHello is too large for the server or for a device between the ends',
    rule: 'a ClientHello of more than one segment arrives (RFC 8446 §4.1.2)',
    remedy: `update the device between the ends; until then offer fewer groups, without X25519MLKEM768: ${sameTls}`,
  },
  'tls.client-cert-not-asked': {
    meaning: 'the server asks its peers for no certificate',
    rule: 'each server requests the certificate of the other server (mutual TLS)',
    remedy: 'dial the port for servers, or let the server request certificates',
    weight: 'warning',
  },
  'tls.issuer-not-announced': {
    meaning: 'the accepting end announces no CA above the certificate of the dialling end, which therefore shows none',
    windows: ['SEC_E_NO_CREDENTIALS', 'SEC_I_INCOMPLETE_CREDENTIALS'],
    inferred: true,
    rule: 'the announced CA names have a CA above the certificate (RFC 8446 §4.2.4); Schannel cuts the list at 16 kB',
    remedy:
      'put the root above the certificate of DIALLER into the list of ACCEPTOR: siplab certs trust ACCEPTOR --reset',
  },
  'tls.name-not-checked': {
    meaning: 'this end accepts every certificate of a trusted CA, whatever name it carries',
    rule: 'the name in the certificate is compared with the expected name (RFC 5922 §7)',
    remedy: 'let NODE compare names: siplab settings NODE tls --reset',
    weight: 'warning',
  },
  'tls.client-cert-unneeded': {
    meaning: 'the dialling end shows a certificate that the accepting end does not require',
    rule: 'a certificate for serverAuth alone is not shown as a client (RFC 5280 §4.2.1.12)',
    remedy: 'let DIALLER dial without a certificate, or show one for clientAuth',
    weight: 'warning',
  },
  'tls.stranger-accepted': {
    meaning: 'the server accepts a certificate that no CA of its trust list has signed',
    rule: 'a chain that does not end in the trust list is refused',
    remedy: 'let the server verify the certificates it asks for',
    weight: 'warning',
  },
  'border.relay': {
    meaning: 'the server relays requests of unknown senders to any host',
    rule: 'a request is forwarded only to a user, a configured next hop or a partner',
    remedy: 'let the server refuse Request-URIs that name neither its users nor its partners',
  },
  'border.dialog-claimed': {
    meaning: 'the server accepts a To tag as proof of a dialog',
    rule: 'a To tag proves nothing, because every sender can invent one (RFC 3261 §12.2)',
    remedy: 'let the server authenticate requests within a dialog like requests outside a dialog',
  },
  'border.identity-believed': {
    meaning: 'the server accepts an identity that an unknown sender asserts',
    rule: 'P-Asserted-Identity is accepted from trusted peers only (RFC 3325 §5)',
    remedy: 'let the server remove P-Asserted-Identity from requests of untrusted peers',
  },
  'border.udp-elsewhere': {
    meaning: 'the server sends responses to an address that only the Via names',
    rule: 'a response goes to the source address of the request (RFC 3261 §18.2.2)',
    remedy: 'let the server ignore maddr and the Via address in requests of unknown senders',
  },
  'sip.not-sip': {
    meaning: 'the service at this address does not speak SIP',
    rule: 'a SIP server answers OPTIONS (RFC 3261 §11)',
    remedy: 'check that host and port are those of the SIP server',
  },
  'sip.refused': {
    meaning: 'the server refused the request',
    rule: 'a 2xx answer',
    remedy: 'read the verdict of the server: siplab events NODE',
  },
  'sip.keep-alive-missing': {
    meaning: 'the server does not answer a keep-alive',
    rule: 'CRLF CRLF is answered with CRLF (RFC 5626 §4.4.1)',
    remedy: 'let the client send TCP keep-alives, because a NAT may close an idle connection without notice',
    weight: 'warning',
  },
  'auth.refused': {
    meaning: 'the server does not accept user name and password',
    rule: 'the credentials of the user (RFC 7616)',
    remedy: 'check login name, password and realm',
  },
  'auth.not-asked': {
    meaning: 'the server signs users in without asking for a password',
    rule: 'REGISTER is challenged (RFC 3261 §22)',
    remedy: 'switch digest authentication on',
  },
  'auth.wrong-password-accepted': {
    meaning: 'the server accepts a wrong password',
    rule: 'a wrong response is refused (RFC 7616 §3.4)',
    remedy: 'check the authentication settings of the server',
  },

  // Configuration, store, clock
  'config.duplicate-partner': {
    meaning: 'a domain is configured both as direct partner and as IM provider',
    rule: 'a domain is in only one of the two lists',
    remedy:
      'remove the domain from one list of NODE, or restore the lists of the topology: ' +
      'siplab settings NODE general --reset',
  },
  'config.invalid': {
    meaning: 'an entry of the configuration is invalid',
    rule: 'every entry passes its check',
    remedy: 'correct the entry of NODE, or restore the entries of the topology: siplab settings NODE general --reset',
  },
  'config.not-retrieved': {
    meaning: 'the configuration could not be retrieved',
    rule: 'the directory, the store and the local file can be read',
    remedy:
      'the usual causes: directory or SQL back end down, rights of the service account changed, an invalid entry, ' +
      'one domain both as direct partner and as IM provider; the other verdicts name the cause that was found',
  },
  'config.local-corrupt': {
    meaning: 'the local configuration cannot be read',
    rule: 'the local file is well formed',
    remedy: 'write the local configuration of NODE again: siplab settings NODE general --reset',
  },
  'config.certificate-unassigned': {
    meaning: 'no certificate is assigned to a reference that needs one',
    windows: ['SIPPROXY_E_NO_DEFAULT_OUTGOING_CERT'],
    rule: 'every reference in use has a certificate',
    remedy: 'assign a certificate to NODE: siplab certs trial NODE --valid 30d --assign',
  },
  'config.certificate-locked': {
    meaning: 'the security settings cannot be opened while the assigned certificate is invalid',
    windows: ['CERT_E_EXPIRED'],
    rule: 'the assigned certificate is valid',
    remedy: 'assign a new trial certificate, switch 5061 on, then off, then unassign; or add --force',
  },
  'config.certificate-not-needed': {
    meaning: 'a certificate is assigned although the profile needs none',
    rule: 'the profile says which references need a certificate',
    remedy: 'nothing to fix',
    weight: 'warning',
  },
  'machine.disk-full': {
    meaning: 'the disk is full',
    rule: 'the disk has space for the log and the events of the node',
    remedy: 'free some space on the disk; NODE then writes the waiting events',
  },
  'machine.read-only': {
    meaning: 'the file system is read-only',
    rule: 'the node may write its log and its events',
    remedy: 'mount the file system writable; NODE then writes the waiting events',
  },
  'machine.no-right': {
    meaning: 'the node may not write a file of its own',
    rule: 'the node may write its log and its events',
    remedy: 'let the user of NODE write its folder; NODE then writes the waiting events',
  },
  'machine.io-error': {
    meaning: 'a disk reports an error',
    rule: 'the disk stores the log and the events of the node',
    remedy: 'check the disk, and move the data folder to another one',
  },
  'machine.log-closed': {
    meaning: 'no program reads the standard error of the node, its log',
    rule: 'the other end of the pipe is open',
    remedy: 'restart the node with a program that reads its standard error; until then NODE runs without a log',
  },
  'machine.memory': {
    meaning: 'the process has used up the memory that its heap may have',
    rule: 'the heap stays below the limit of Node',
    remedy:
      'start NODE again; where it needs more, start the lab with NODE_OPTIONS=--max-old-space-size=2048: siplab node ' +
      'start NODE',
  },
  'machine.descriptors': {
    meaning: 'the process has almost no file descriptors left',
    rule: 'at least 80 descriptors are free',
    remedy: 'close connections to NODE, or start the lab with a higher limit: ulimit -n 65536',
  },
  'store.unreachable': {
    meaning: 'the pool store does not answer',
    rule: 'the pool store answers',
    remedy: 'start the database, or put its file back; if a fault of the lab removed it: siplab heal store',
  },
  'store.permission': {
    meaning: 'the pool store refuses the account of the service',
    rule: 'the account may read and write',
    remedy: 'give the account its rights on the tables again: siplab heal store',
  },
  'store.read-only': {
    meaning: 'the pool store accepts no writes: it is a standby or read-only',
    rule: 'front ends are connected to the primary',
    remedy: 'point the address of the store to the primary; if a fault of the lab made it read-only: siplab heal store',
  },
  'store.split': {
    meaning: 'two servers at the address of the pool store accept writes',
    rule: 'one server is the primary, and the others are its standbys',
    remedy: 'stop the server with the older timeline, then make it a standby of the other server with pg_rewind',
  },
  'store.slow': {
    meaning: 'the pool store does not answer in time',
    rule: 'every statement is answered within 5 s',
    remedy: 'find the client or lock that delays the database; siplab heal store removes a fault of the lab',
  },
  'store.busy': {
    meaning: 'too many calls wait for the pool store',
    rule: 'no more than 10,000 calls wait, and no other writer holds the lock',
    remedy: 'find the client or lock that delays the database; siplab heal store removes a fault of the lab',
  },
  'store.connections': {
    meaning: 'the pool store accepts no more connections',
    rule: 'the server has a connection for each front end',
    remedy: 'raise the connection limit of the database server; siplab heal store removes a fault of the lab',
  },
  'store.full': {
    meaning: 'the disk of the pool store is full',
    rule: 'the disk has space for new data',
    remedy: 'free some space on the disk of the pool store; the service tries again every second',
  },
  'store.io-error': {
    meaning: 'the disk of the pool store reports an error',
    rule: 'the disk reads and writes without errors',
    remedy: 'check the disk, and move the data to another one; the service tries again every second',
  },
  'store.failed': {
    meaning: 'the pool store refuses a statement',
    rule: 'tables and columns are those of this version',
    remedy: 'read the error of the database; siplab up --fresh creates the tables again',
  },
  'store.corrupt': {
    meaning: 'the pool store cannot be read',
    rule: 'the store is well formed',
    remedy: 'decide: restore the file from a backup, or start with an empty store and lose its bindings',
  },
  'directory.unreachable': {
    meaning: 'the directory does not answer',
    rule: 'the directory answers',
    remedy: 'start the database, or put its file back; if a fault of the lab removed it: siplab heal directory',
  },
  'directory.permission': {
    meaning: 'the directory refuses the account of the service',
    rule: 'the account may read',
    remedy: 'siplab heal directory',
  },
  'directory.read-only': {
    meaning: 'the directory accepts no writes: it is a standby or read-only',
    rule: 'a command that changes accounts is connected to the primary',
    remedy: 'point the address of the directory to the primary, then repeat the change',
  },
  'directory.split': {
    meaning: 'two servers at the address of the directory accept writes',
    rule: 'one server is the primary, and the others are its standbys',
    remedy: 'stop the server with the older timeline, then make it a standby of the other server with pg_rewind',
  },
  'directory.slow': {
    meaning: 'the directory does not answer in time',
    rule: 'every statement is answered within 5 s',
    remedy: 'find the client or lock that delays the database; siplab heal directory removes a fault of the lab',
  },
  'directory.busy': {
    meaning: 'too many calls wait for the directory',
    rule: 'no more than 10,000 calls wait, and no other writer holds the lock',
    remedy: 'find the client or lock that delays the database; siplab heal directory removes a fault of the lab',
  },
  'directory.connections': {
    meaning: 'the directory accepts no more connections',
    rule: 'the server has a connection for each node',
    remedy: 'raise the connection limit of the database server; siplab heal directory removes a fault of the lab',
  },
  'directory.full': {
    meaning: 'the disk of the directory is full',
    rule: 'the disk has space for new data',
    remedy: 'free some space on the disk of the directory; the service tries again every second',
  },
  'directory.io-error': {
    meaning: 'the disk of the directory reports an error',
    rule: 'the disk reads and writes without errors',
    remedy: 'check the disk, and move the data to another one; the service tries again every second',
  },
  'directory.failed': {
    meaning: 'the directory refuses a statement',
    rule: 'tables and columns are those of this version',
    remedy: 'read the error of the database; siplab up --fresh creates the tables again',
  },
  'directory.corrupt': {
    meaning: 'the directory cannot be read',
    rule: 'the directory is well formed',
    remedy: 'decide: restore the file from a backup, or start again with the accounts of the topology',
  },
  'clock.wrong': {
    meaning: 'the clock of one end is wrong',
    windows: ['CERT_E_EXPIRED', 'SEC_E_TIME_SKEW'],
    inferred: true,
    rule: 'the clock of each end is right',
    remedy: 'compare the clock of each end with a time server: chronyc tracking, or w32tm /query /status',
  },
  'clock.skew': {
    meaning: 'the clocks of the two ends differ',
    windows: ['CERT_E_EXPIRED', 'SEC_E_TIME_SKEW'],
    inferred: true,
    rule: 'both clocks agree within a minute',
    remedy: 'set both clocks right: siplab clock DIALLER +0s; siplab clock ACCEPTOR +0s',
  },
} as const satisfies Readonly<Record<string, CodeEntry>>

export type VerdictCode = keyof typeof table

export interface VerdictCodeEntry extends CodeEntry {
  readonly code: VerdictCode
}

/** Every code in the order of the table. */
export const verdictCodes: readonly VerdictCodeEntry[] = Object.entries(table).map(([code, entry]) => ({
  ...entry,
  code: code as VerdictCode,
}))

const byCode: ReadonlyMap<string, VerdictCodeEntry> = new Map(verdictCodes.map((entry) => [entry.code, entry]))

/** The entry of a code, e.g. `findVerdictCode("cert.expired")?.remedy`. Absent when it is not listed. */
export function findVerdictCode(code: string): VerdictCodeEntry | undefined {
  return byCode.get(code)
}

/** Of a value that came from elsewhere, such as the detail of a refusal or a record on disk. */
export function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value
}

export function isVerdictCode(code: string): code is VerdictCode {
  return byCode.has(code)
}

export interface VerdictDetails {
  readonly certificate?: VerdictCertificate
  /** Replaces the sentence of the table where more is known. */
  readonly message?: string
  readonly found?: string
  readonly rule?: string
  readonly fix?: string
  readonly node?: string
  readonly link?: string
  readonly direction?: 'outgoing' | 'incoming'
  readonly eventId?: number
  readonly others?: readonly Verdict[]
}

/**
 * Fills a verdict from the table: `verdict('cert.expired', { certificate, found: 'ended 2026-03-01T12:00:00Z' })`
 * gives sentence, rule, Windows code and fix; every detail given wins over the table.
 */
export function verdict(code: VerdictCode, details: VerdictDetails = {}): Verdict {
  const entry: CodeEntry = table[code]
  const windows = entry.windows === undefined ? {} : { windows: windowsCode(entry.windows[0], entry.inferred === true) }
  return {
    code,
    message: sentence(entry.meaning, details.certificate),
    rule: entry.rule,
    fix: placedRemedy(withCertificate(remedyOf(code, details.certificate), details.certificate), details),
    ...windows,
    ...details,
  }
}

/** `issue the certificate … of director again with SHA-256: siplab certs renew director`. */
function again(how: string): string {
  return `issue {certificate} of NODE again${how}: siplab certs renew NODE`
}

/** A file of certificates that cannot be read in its present form. */
function file(work: string): string {
  return `${work}, or issue the certificate of NODE again: siplab certs renew NODE`
}

/** Of a public CA, as the lab has it. */
const publicIssuer = /stand-in for a public authority/

/** What a public CA no longer issues is no remedy for what it issued. */
function remedyOf(code: VerdictCode, certificate: VerdictCertificate | undefined): string {
  return code === 'cert.eku-missing' && certificate !== undefined && publicIssuer.test(certificate.issuer)
    ? 'public CAs stop issuing clientAuth in 2026: let NODE dial with a certificate of a private CA, whose ' +
        'root REFUSER puts into its trust list, or none where REFUSER does not demand one'
    : table[code].remedy
}

/** `The certificate CN=fe1.lab.test has expired`, or `The certificate has expired` when it is not known which. */
function sentence(meaning: string, certificate: VerdictCertificate | undefined): string {
  const subject =
    certificate === undefined || certificate.subject === ''
      ? 'the certificate'
      : `the certificate ${certificate.subject}`
  return capitalised(meaning.replace('{certificate}', () => subject))
}

/**
 * `The CA certificate CN=Issuing CA has expired`: the sentence about a CA of the chain itself.
 *
 * @returns undefined where the code has no such sentence
 */
export function caSentence(code: VerdictCode, subject: string): string | undefined {
  const entry: CodeEntry = table[code]
  return entry.ofCa === undefined ? undefined : capitalised(entry.ofCa.replace('{subject}', () => subject))
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

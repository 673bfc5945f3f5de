/** Purpose: extended key usage, key usage, CA or not. */
import { presenting } from './fault-pki.ts'
import { broken, type Fault, inFamily, refused, unnoticed } from './fault.ts'
import { belowCa } from './parts.ts'

export const purpose: readonly Fault[] = inFamily('purpose', [
  /** Windows accepts it, Node does not. */
  {
    slug: 'any-eku',
    sides: ['server', 'client'],
    story: 'The certificate of the peer allows any purpose (anyExtendedKeyUsage) and names no other purpose',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['any'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /** RFC 5280 §4.2.1.12. */
  {
    slug: 'code-signing-only',
    sides: ['server', 'client'],
    story: 'The certificate of the peer allows code signing only',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['codeSigning'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /** The limit sits on the issuer: the certificate itself lists both purposes. */
  {
    slug: 'issuer-eku-narrow-client',
    sides: ['client'],
    story: 'The issuing CA of the dialling server is limited to server certificates',
    make: (pki) => belowCa(pki, { purposes: ['serverAuth'] }),
    twin: (pki) => belowCa(pki, { purposes: ['clientAuth', 'serverAuth'] }),
    expect: refused('chain.eku-narrow', 'INVALID_PURPOSE'),
    nodeSuggests: 'cert.eku-missing',
  },
  /** The limit sits on the issuer, not on the certificate of the server. */
  {
    slug: 'issuer-eku-narrow',
    sides: ['server'],
    story: 'The issuing CA of the server is limited to client certificates',
    make: (pki) => belowCa(pki, { purposes: ['clientAuth'] }),
    twin: (pki) => belowCa(pki, { purposes: ['clientAuth', 'serverAuth'] }),
    expect: refused('chain.eku-narrow', 'INVALID_PURPOSE'),
    nodeSuggests: 'cert.eku-missing',
  },
  /**
   * One fault, two faces: under TLS 1.2 the server finds no cipher suite it may sign for, under 1.3 the client refuses.
   */
  {
    slug: 'ku-certsign-only',
    sides: ['server'],
    story: 'The key usage of the certificate of the server holds keyCertSign only',
    make: (pki) => presenting(pki, pki.leaf({ uses: ['keyCertSign'] })),
    expect: broken(
      'cert.ku-wrong',
      { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' },
      { presenter: 'closed', judge: 'INVALID_PURPOSE' },
    ),
    nodeSuggests: { tls12: 'tls.alert', tls13: 'cert.eku-missing' },
  },
  /** The wire does not mind, even under TLS 1.3. */
  {
    slug: 'ku-encipherment-only',
    sides: ['server'],
    story: 'The key usage of the RSA certificate of the server leaves out digitalSignature',
    make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa2048', uses: ['keyEncipherment'] })),
    expect: unnoticed('cert.ku-wrong'),
  },
  /** Public CAs stop clientAuth in 2026; a server that merely asks refuses what it would not have missed. */
  {
    slug: 'client-cert-unneeded',
    sides: ['client'],
    story: 'The server requests a certificate but does not require one; the client shows one for serverAuth only',
    make: (pki) => ({
      ...presenting(pki, pki.leaf({ purposes: ['serverAuth'] })),
      judge: { trust: [pki.root.pem], settings: { asksOnly: true } },
    }),
    twin: (pki) => ({ ...pki.good(), presenter: {}, judge: { trust: [pki.root.pem], settings: { asksOnly: true } } }),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /** RFC 5280 §4.2.1.12. Inbound works, outbound is refused. */
  {
    slug: 'no-client-auth-eku',
    sides: ['client'],
    story: 'The certificate of the dialling server allows serverAuth only',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['serverAuth'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /** Accepted everywhere; the documentation of OCS demands serverAuth. */
  {
    slug: 'no-eku',
    sides: ['server', 'client'],
    story: 'The certificate of the peer names no purpose',
    make: (pki) => presenting(pki, pki.leaf({ purposes: [] })),
    expect: unnoticed('cert.eku-absent'),
  },
  /** RFC 5280 §4.2.1.12. */
  {
    slug: 'no-server-auth-eku',
    sides: ['server'],
    story: 'The certificate of the server allows clientAuth only',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['clientAuth'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /**
   * Chrome root policy 1.8: public authorities issue for servers only. The way out is a private CA for the end that
   * dials.
   */
  {
    slug: 'public-cert-2026',
    sides: ['client'],
    reference: 'edge-external',
    story: 'The edge dials a partner with a new certificate of a public CA, and the certificate has no clientAuth',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['serverAuth'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
  /** RFC 5924 asks for it, TLS stacks want serverAuth and clientAuth beside it. */
  {
    slug: 'sip-eku-only',
    sides: ['server', 'client'],
    story: 'The certificate of the peer allows only the purpose for SIP domains (RFC 5924)',
    make: (pki) => presenting(pki, pki.leaf({ purposes: ['sipDomain'] })),
    twin: (pki) => presenting(pki, pki.leaf({ purposes: ['sipDomain', 'serverAuth', 'clientAuth'] })),
    expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
  },
])

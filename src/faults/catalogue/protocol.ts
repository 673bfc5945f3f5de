/** Protocol: TLS versions, ciphers, groups and application protocols. */
import { type FaultPki, show } from './fault-pki.ts'
import { accepted, broken, type Fault, inFamily, refused, stopsStart } from './fault.ts'
import { ciphers, groups, oldTls, protocols } from './parts.ts'
import type { Variation } from './variation.ts'

/** A group of 1024 bits made for the lab: it protects nothing. */
const group1024 =
  '-----BEGIN DH PARAMETERS-----\n' +
  'MIGHAoGBAOrtwnLLX3tcag+ZHnpnpvzDaeFY9V9h+hNCCQZCM/8JUVUEyd4eC/fp\n' +
  'YWSfFnIB6zkRUWBOA2DNiDYWDr6vXxEXQQCLmuskK6q+4U+BqXn1MW6u1SlDOBB5\n' +
  'cqvAuvrAxs721FuL/J19HlsJq7S8NwNWkQfp8aimLPkCZWBDrG6HAgEC\n' +
  '-----END DH PARAMETERS-----\n'

/** TLS 1.2 with ephemeral Diffie-Hellman over integers, which both ends must allow. */
function diffieHellman(pki: FaultPki, dhparam: string): Variation {
  const suite = 'DHE-RSA-AES128-GCM-SHA256'
  return {
    ...pki.good(),
    presenter: {
      ...show(pki.leaf({ keyType: 'rsa2048' }), pki.issuing),
      settings: { ciphers: `${suite}:@SECLEVEL=0`, dhparam },
    },
    judge: { trust: [pki.root.pem], settings: { ciphers: suite } },
  }
}

export const protocol: readonly Fault[] = inFamily('protocol', [
  /** RFC 7301. */
  {
    slug: 'alpn-mismatch',
    sides: ['server'],
    story: 'The two ends offer different application protocols',
    make: (pki) => protocols(pki, ['sip/2'], ['h2']),
    twin: (pki) => protocols(pki, ['sip/2'], ['sip/2']),
    expect: broken('tls.alpn-mismatch', { presenter: 'ERR_SSL_NO_APPLICATION_PROTOCOL', judge: 'alert 120' }),
  },
  /** Control: offered at one end only, it is ignored. */
  {
    slug: 'alpn-one-side',
    sides: ['server'],
    story: 'Only the server offers an application protocol',
    make: (pki) => protocols(pki, ['sip/2'], undefined),
    expect: accepted,
  },
  /** In soft mode Node says UNABLE_TO_GET_ISSUER_CERT, which misleads: look for the certificate first. */
  {
    slug: 'client-cert-missing',
    sides: ['client'],
    story: 'The dialling server shows no certificate',
    make: (pki) => ({ ...pki.good(), presenter: {} }),
    expect: refused('tls.client-cert-missing', 'tls.client-cert-missing'),
  },
  /** OpenSSL wants 2048 bits at security level 2; TLS 1.3 has named groups only. */
  {
    slug: 'dh-too-small',
    sides: ['server'],
    story: 'The server uses a Diffie-Hellman group of 1024 bits',
    make: (pki) => diffieHellman(pki, group1024),
    twin: (pki) => diffieHellman(pki, 'auto'),
    expect: broken('tls.dh-too-small', { presenter: 'alert 40', judge: 'ERR_SSL_DH_KEY_TOO_SMALL' }),
    versions: ['TLSv1.2'],
  },
  /** Under TLS 1.3 cipher suites say nothing about the key. */
  {
    slug: 'ecdsa-cert-rsa-ciphers',
    sides: ['server'],
    story: 'The client allows cipher suites with RSA only, the certificate of the server is P-256',
    make: (pki) => ({
      ...ciphers(pki, undefined, 'ECDHE-RSA-AES128-GCM-SHA256'),
      presenter: show(pki.leaf({ keyType: 'p256' }), pki.issuing),
    }),
    expect: broken('tls.no-common-cipher', { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' }),
    nodeSuggests: 'tls.alert',
    versions: ['TLSv1.2'],
  },
  /** RFC 8446 §4.1.2. */
  {
    slug: 'no-common-cipher',
    sides: ['server'],
    story: 'The two ends allow different cipher suites',
    make: (pki) =>
      ciphers(
        pki,
        'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384',
      ),
    twin: (pki) =>
      ciphers(
        pki,
        'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
        'TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
      ),
    expect: broken('tls.no-common-cipher', { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' }),
    nodeSuggests: 'tls.alert',
  },
  /** RFC 8446 §4.2.7. */
  {
    slug: 'no-common-group',
    sides: ['server'],
    story: 'The two ends allow different groups for the key exchange',
    make: (pki) => groups(pki, 'P-384', 'P-256'),
    twin: (pki) => groups(pki, 'P-256', 'P-256'),
    expect: broken('tls.no-common-group', { presenter: 'ERR_SSL_NO_SUITABLE_KEY_SHARE', judge: 'alert 40' }),
    nodeSuggests: 'tls.alert',
    versions: ['TLSv1.3'],
  },
  /** RC4 and 3DES are not in the build of Node. */
  {
    slug: 'rc4-cipher',
    sides: ['server'],
    story: 'The node is configured to use RC4, the cipher suite of 2005',
    make: (pki) => ciphers(pki, 'RC4-SHA', undefined),
    expect: stopsStart('tls.no-common-cipher', 'ERR_SSL_NO_CIPHER_MATCH'),
  },
  /** Control: with the security level lowered at both ends TLS 1.0 still works. */
  {
    slug: 'tls1.0-both',
    sides: ['server'],
    story: 'Both ends speak the TLS 1.0 of 2005',
    make: (pki) => oldTls(pki),
    expect: accepted,
    versions: ['TLSv1.2'],
  },
  /** What the clients of 2005 spoke. */
  {
    slug: 'tls1.0-client',
    sides: ['server'],
    breaks: 'judge',
    story: 'The client allows TLS 1.0 only',
    make: (pki) => ({
      ...pki.good(),
      judge: {
        trust: [pki.root.pem],
        settings: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
      },
    }),
    expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_UNSUPPORTED_PROTOCOL', judge: 'alert 70' }),
  },
  /** What the servers of 2005 spoke; needs the security level lowered on both ends to work. */
  {
    slug: 'tls1.0-server',
    sides: ['server'],
    story: 'The server allows TLS 1.0 only',
    make: (pki) => ({
      ...pki.good(),
      presenter: { ...pki.good().presenter, settings: { minVersion: 'TLSv1', maxVersion: 'TLSv1' } },
    }),
    expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_NO_PROTOCOLS_AVAILABLE', judge: 'alert 70' }),
  },
  /** RFC 8446 §4.2.1. */
  {
    slug: 'tls1.2-server-1.3-client',
    sides: ['server'],
    story: 'The server allows TLS 1.2 at most, the client 1.3 at least',
    make: (pki) => ({
      ...pki.good(),
      presenter: { ...pki.good().presenter, settings: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
    }),
    expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_UNSUPPORTED_PROTOCOL', judge: 'alert 70' }),
    versions: ['TLSv1.3'],
  },
])

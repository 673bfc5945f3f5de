/** Algorithms: keys, digests and curves. */
import { generateKeyPairSync } from 'node:crypto'
import { presenting, show } from './fault-pki.ts'
import { accepted, broken, type Fault, inFamily, refused, stopsStart } from './fault.ts'
import { belowCa, lowered, underRsaCa } from './parts.ts'

export const algorithms: readonly Fault[] = inFamily('algorithms', [
  /** Control. */
  {
    slug: 'ed25519-ca',
    sides: ['server', 'client'],
    story: 'The issuing CA of the peer signs with Ed25519',
    make: (pki) => belowCa(pki, { keyType: 'ed25519' }),
    expect: accepted,
  },
  /** Control. LCS and OCS read RSA only. */
  {
    slug: 'ed25519',
    sides: ['server', 'client'],
    story: 'The key of the peer is Ed25519',
    make: (pki) => presenting(pki, pki.leaf({ keyType: 'ed25519' })),
    expect: accepted,
  },
  /** An internal CA that signed with MD5 kept front ends from starting. */
  {
    slug: 'md5-signature',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is signed with MD5',
    make: (pki) => underRsaCa(pki, 'md5'),
    twin: (pki) => underRsaCa(pki, 'sha256'),
    expect: refused('cert.signature-weak', 'UNSPECIFIED'),
  },
  /** RFC 8446 §4.2.3. */
  {
    slug: 'no-common-sigalg',
    sides: ['server'],
    story: 'The client accepts RSA signatures only, the server has a P-256 key',
    make: (pki) => ({
      ...presenting(pki, pki.leaf({ keyType: 'p256' })),
      judge: { trust: [pki.root.pem], settings: { sigalgs: 'rsa_pss_rsae_sha256:RSA+SHA256' } },
    }),
    twin: (pki) => ({
      ...presenting(pki, pki.leaf({ keyType: 'p256' })),
      judge: { trust: [pki.root.pem], settings: { sigalgs: 'ECDSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA256' } },
    }),
    expect: broken(
      'tls.no-common-signature',
      { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' },
      { presenter: 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', judge: 'alert 40' },
    ),
    nodeSuggests: 'tls.alert',
  },
  /** Control. LCS and OCS read RSA only. */
  {
    slug: 'p384',
    sides: ['server', 'client'],
    story: 'The key of the peer is P-384',
    make: (pki) => presenting(pki, pki.leaf({ keyType: 'p384' })),
    expect: accepted,
  },
  /** The peer lowered its own security level; ours minds. */
  {
    slug: 'rsa-1024-ca',
    sides: ['server', 'client'],
    story: 'The key of the issuing CA of the peer is RSA of 1024 bits',
    make: (pki) => lowered(belowCa(pki, { keyType: 'rsa1024' })),
    twin: (pki) => lowered(belowCa(pki, { keyType: 'rsa2048' })),
    expect: refused('chain.key-weak', 'UNSPECIFIED'),
  },
  /** Accepted in 2005; today OpenSSL wants its security level lowered on both ends. */
  {
    slug: 'rsa-1024-own',
    sides: ['server'],
    story: 'The key of the node itself is RSA of 1024 bits',
    make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa1024' })),
    twin: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa2048' })),
    expect: stopsStart('key.too-weak', 'ERR_SSL_EE_KEY_TOO_SMALL'),
  },
  /** The peer lowered its own security level; ours minds. */
  {
    slug: 'rsa-1024',
    sides: ['server', 'client'],
    story: 'The key of the peer is RSA of 1024 bits',
    make: (pki) => lowered(presenting(pki, pki.leaf({ keyType: 'rsa1024' }))),
    twin: (pki) => lowered(presenting(pki, pki.leaf({ keyType: 'rsa2048' }))),
    expect: refused('cert.key-weak', 'UNSPECIFIED'),
  },
  /** Control. */
  {
    slug: 'rsa-3072',
    sides: ['server', 'client'],
    story: 'The key of the peer is RSA of 3072 bits',
    make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa3072' })),
    expect: accepted,
  },
  /** Control. LCS and OCS read RSA only, and not this form. */
  {
    slug: 'rsa-pss',
    sides: ['server', 'client'],
    story: 'The key of the peer is RSA-PSS',
    make: (pki) =>
      presenting(pki, pki.leaf({ key: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey })),
    expect: accepted,
  },
  /** Control: no end checks the signature of a root on itself. */
  {
    slug: 'sha1-root',
    sides: ['server', 'client'],
    story: 'The root that both ends trust is signed with SHA-1',
    make(pki) {
      const root = pki.ca({ commonName: 'fault lab Root CA, SHA-1', digest: 'sha1' })
      return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
    },
    expect: accepted,
  },
  /** Works only with the security level lowered at the judging end. */
  {
    slug: 'sha1-signature',
    sides: ['server', 'client'],
    story: 'The certificate of the peer is signed with SHA-1',
    make: (pki) => presenting(pki, pki.leaf({ digest: 'sha1' })),
    expect: refused('cert.signature-weak', 'UNSPECIFIED'),
  },
])

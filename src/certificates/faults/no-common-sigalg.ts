/** RFC 8446 §4.2.3. */
import { broken, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const noCommonSigalg: Fault = {
  slug: 'no-common-sigalg',
  family: 'algorithms',
  sides: ['server'],
  story: 'The client takes RSA signatures only, the server has a P-256 key',
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
}

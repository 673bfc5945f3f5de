/** Under TLS 1.3 cipher suites say nothing about the key. */
import { broken, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'
import { ciphers } from './parts.ts'

export const ecdsaCertRsaCiphers: Fault = {
  slug: 'ecdsa-cert-rsa-ciphers',
  family: 'protocol',
  sides: ['server'],
  story: 'The client allows cipher suites with RSA only, the certificate of the server is P-256',
  make: (pki) => ({
    ...ciphers(pki, undefined, 'ECDHE-RSA-AES128-GCM-SHA256'),
    presenter: show(pki.leaf({ keyType: 'p256' }), pki.issuing),
  }),
  expect: broken('tls.no-common-cipher', { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' }),
  nodeSuggests: 'tls.alert',
  versions: ['TLSv1.2'],
}

/** RFC 8446 §4.1.2. */
import { broken, type Fault } from './fault.ts'
import { ciphers } from './parts.ts'

export const noCommonCipher: Fault = {
  slug: 'no-common-cipher',
  family: 'protocol',
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
}

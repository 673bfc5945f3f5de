/** What the wire shows of `key-mismatch-type` when nobody checks. */
import { generateKey, keyToPem } from '../keys.ts'
import { broken, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const keyMismatchTypeLive: Fault = {
  slug: 'key-mismatch-type-live',
  family: 'files',
  sides: ['server'],
  story: 'The certificate of the server is P-256, its key file holds an RSA key',
  make: (pki) => ({
    ...pki.good(),
    presenter: { ...show(pki.leaf({ keyType: 'p256' }), pki.issuing), key: keyToPem(generateKey('rsa2048')) },
  }),
  expect: broken(
    'key.mismatch',
    { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' },
    { presenter: 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', judge: 'alert 40' },
  ),
  nodeSuggests: 'tls.alert',
}

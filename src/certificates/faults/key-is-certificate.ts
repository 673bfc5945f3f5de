/** OpenSSL has one error for every key it cannot read. */
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyIsCertificate: Fault = {
  slug: 'key-is-certificate',
  family: 'files',
  sides: ['server'],
  story: 'The key file holds the certificate',
  make: (pki) => withKey(pki, pki.leaf().pem),
  expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
}

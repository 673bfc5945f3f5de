/** OpenSSL has one error for every key it cannot read. */
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyDer: Fault = {
  slug: 'key-der',
  family: 'files',
  sides: ['server'],
  story: 'The key file is DER, not PEM',
  make: (pki) => withKey(pki, pki.leaf().key.export({ type: 'pkcs8', format: 'der' })),
  expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
}

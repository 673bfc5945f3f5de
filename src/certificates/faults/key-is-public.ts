/** OpenSSL has one error for every key it cannot read. */
import { publicHalf } from '../keys.ts'
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyIsPublic: Fault = {
  slug: 'key-is-public',
  family: 'files',
  sides: ['server'],
  story: 'The key file holds the public key',
  make: (pki) => withKey(pki, publicHalf(pki.leaf().key).export({ type: 'spki', format: 'pem' })),
  expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
}

/** The pair is checked before any listener opens. */
import { keyToPem } from '../keys.ts'
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyMismatch: Fault = {
  slug: 'key-mismatch',
  family: 'files',
  sides: ['server'],
  story: 'The key file holds the key of another certificate',
  make: (pki) => withKey(pki, keyToPem(pki.leaf().key)),
  expect: stopsStart('key.mismatch', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'),
}

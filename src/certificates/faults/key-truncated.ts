/** OpenSSL has one error for every key it cannot read. */
import { keyToPem } from '../keys.ts'
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyTruncated: Fault = {
  slug: 'key-truncated',
  family: 'files',
  sides: ['server'],
  story: 'The key file ends in the middle',
  make: (pki) => withKey(pki, keyToPem(pki.leaf().key).slice(0, 100)),
  expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
}

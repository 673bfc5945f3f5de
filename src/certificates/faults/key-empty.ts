/** Node starts, and every handshake fails. */
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyEmpty: Fault = {
  slug: 'key-empty',
  family: 'files',
  sides: ['server'],
  story: 'The key file is empty',
  make: (pki) => withKey(pki, ''),
  expect: stopsStart('key.missing'),
}

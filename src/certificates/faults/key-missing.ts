/** Node starts, and every handshake fails. */
import { type Fault, stopsStart } from './fault.ts'
import { withoutKey } from './parts.ts'

export const keyMissing: Fault = {
  slug: 'key-missing',
  family: 'files',
  sides: ['server'],
  story: 'There is no key file',
  make: (pki) => withoutKey(pki),
  expect: stopsStart('key.missing'),
}

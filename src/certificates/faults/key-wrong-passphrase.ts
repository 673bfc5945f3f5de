/** See `key-encrypted`. */
import { type Fault, stopsStart } from './fault.ts'
import { encryptedKey } from './parts.ts'

export const keyWrongPassphrase: Fault = {
  slug: 'key-wrong-passphrase',
  family: 'files',
  sides: ['server'],
  story: 'The key file is encrypted with another passphrase',
  make: (pki) => encryptedKey(pki, 'wrong'),
  twin: (pki) => encryptedKey(pki, 'right'),
  expect: stopsStart('key.passphrase-wrong', 'ERR_OSSL_BAD_DECRYPT'),
}

/** Told apart from a wrong passphrase by whether one was configured; OpenSSL has one error for both. */
import { type Fault, stopsStart } from './fault.ts'
import { encryptedKey } from './parts.ts'

export const keyEncrypted: Fault = {
  slug: 'key-encrypted',
  family: 'files',
  sides: ['server'],
  story: 'The key file is encrypted, and no passphrase is configured',
  make: (pki) => encryptedKey(pki, undefined),
  twin: (pki) => encryptedKey(pki, 'right'),
  expect: stopsStart('key.encrypted', 'ERR_OSSL_BAD_DECRYPT'),
}

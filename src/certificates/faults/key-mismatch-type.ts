/** Node starts, and every handshake fails with a cipher error that names no key. */
import { generateKey, keyToPem } from '../keys.ts'
import { type Fault, stopsStart } from './fault.ts'
import { show } from './fault-pki.ts'

export const keyMismatchType: Fault = {
  slug: 'key-mismatch-type',
  family: 'files',
  sides: ['server'],
  story: 'The certificate is P-256, the key file holds an RSA key',
  make: (pki) => ({
    ...pki.good(),
    presenter: { ...show(pki.leaf({ keyType: 'p256' }), pki.issuing), key: keyToPem(generateKey('rsa2048')) },
  }),
  expect: stopsStart('key.mismatch'),
}

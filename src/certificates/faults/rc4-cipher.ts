/** RC4 and 3DES are not in the build of Node. */
import { type Fault, stopsStart } from './fault.ts'
import { ciphers } from './parts.ts'

export const rc4Cipher: Fault = {
  slug: 'rc4-cipher',
  family: 'protocol',
  sides: ['server'],
  story: 'The node is to use the cipher suite of 2005, RC4',
  make: (pki) => ciphers(pki, 'RC4-SHA', undefined),
  expect: stopsStart('tls.no-common-cipher', 'ERR_SSL_NO_CIPHER_MATCH'),
}

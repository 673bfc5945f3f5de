/** Accepted in 2005; today OpenSSL wants its security level lowered on both ends. */
import { type Fault, stopsStart } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const rsa1024Own: Fault = {
  slug: 'rsa-1024-own',
  family: 'algorithms',
  sides: ['server'],
  story: 'The key of the node itself is RSA of 1024 bits',
  make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa1024' })),
  twin: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa2048' })),
  expect: stopsStart('key.too-weak', 'ERR_SSL_EE_KEY_TOO_SMALL'),
}

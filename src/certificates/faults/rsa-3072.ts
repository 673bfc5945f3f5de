/** Control. */
import { accepted, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const rsa3072: Fault = {
  slug: 'rsa-3072',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the peer is RSA of 3072 bits',
  make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa3072' })),
  expect: accepted,
}

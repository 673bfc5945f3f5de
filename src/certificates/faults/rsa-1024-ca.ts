/** The peer lowered its own security level; ours minds. */
import { type Fault, refused } from './fault.ts'
import { belowCa, lowered } from './parts.ts'

export const rsa1024Ca: Fault = {
  slug: 'rsa-1024-ca',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the issuing CA of the peer is RSA of 1024 bits',
  make: (pki) => lowered(belowCa(pki, { keyType: 'rsa1024' })),
  twin: (pki) => lowered(belowCa(pki, { keyType: 'rsa2048' })),
  expect: refused('chain.key-weak', 'UNSPECIFIED'),
}

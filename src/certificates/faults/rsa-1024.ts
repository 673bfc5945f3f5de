/** The peer lowered its own security level; ours minds. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'
import { lowered } from './parts.ts'

export const rsa1024: Fault = {
  slug: 'rsa-1024',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the peer is RSA of 1024 bits',
  make: (pki) => lowered(presenting(pki, pki.leaf({ keyType: 'rsa1024' }))),
  twin: (pki) => lowered(presenting(pki, pki.leaf({ keyType: 'rsa2048' }))),
  expect: refused('cert.key-weak', 'UNSPECIFIED'),
}

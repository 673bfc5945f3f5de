/** Control. LCS and OCS read RSA only. */
import { accepted, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const ed25519: Fault = {
  slug: 'ed25519',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the peer is Ed25519',
  make: (pki) => presenting(pki, pki.leaf({ keyType: 'ed25519' })),
  expect: accepted,
}

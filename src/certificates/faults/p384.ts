/** Control. LCS and OCS read RSA only. */
import { accepted, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const p384: Fault = {
  slug: 'p384',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the peer is P-384',
  make: (pki) => presenting(pki, pki.leaf({ keyType: 'p384' })),
  expect: accepted,
}

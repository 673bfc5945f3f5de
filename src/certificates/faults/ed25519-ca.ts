/** Control. */
import { accepted, type Fault } from './fault.ts'
import { belowCa } from './parts.ts'

export const ed25519Ca: Fault = {
  slug: 'ed25519-ca',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer signs with Ed25519',
  make: (pki) => belowCa(pki, { keyType: 'ed25519' }),
  expect: accepted,
}

/** Control. LCS and OCS read RSA only, and not this form. */
import { generateKeyPairSync } from 'node:crypto'
import { accepted, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const rsaPss: Fault = {
  slug: 'rsa-pss',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The key of the peer is RSA-PSS',
  make: (pki) => presenting(pki, pki.leaf({ key: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey })),
  expect: accepted,
}

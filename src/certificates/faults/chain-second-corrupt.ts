/** OpenSSL skips a broken second block without a sound; the other end misses an issuer. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'
import { spoilt } from './parts.ts'

export const chainSecondCorrupt: Fault = {
  slug: 'chain-second-corrupt',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The second block in the certificate file of the peer is broken',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), { pem: spoilt(pki.issuing.pem) }) }),
  expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

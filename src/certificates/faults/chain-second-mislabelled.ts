/** OpenSSL skips a block with an unknown label without a sound; the other end misses an issuer. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'
import { mislabelled } from './parts.ts'

export const chainSecondMislabelled: Fault = {
  slug: 'chain-second-mislabelled',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The label of the second block in the certificate file of the peer is misspelt',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), { pem: mislabelled(pki.issuing.pem) }) }),
  expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

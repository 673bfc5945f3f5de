/** Nobody can tell this from `incomplete-chain`: what is between the certificate and an unknown root was not sent. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const untrustedLeafIssuer: Fault = {
  slug: 'untrusted-leaf-issuer',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer was issued straight by a root that this end does not know',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf({ issuer: pki.ca({ commonName: 'stranger Root CA' }) })) }),
  expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

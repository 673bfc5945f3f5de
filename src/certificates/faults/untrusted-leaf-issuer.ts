/** Node has the same code for this and for an issuer that was not sent. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const untrustedLeafIssuer: Fault = {
  slug: 'untrusted-leaf-issuer',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer was issued straight by a root that this end does not trust',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf({ issuer: pki.ca({ commonName: 'stranger Root CA' }) })) }),
  expect: refused('chain.untrusted-root', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  nodeSuggests: 'chain.incomplete',
}

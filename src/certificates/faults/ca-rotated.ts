/** The root got a new key, the trust list of this end was forgotten. */
import { type Fault, refused } from './fault.ts'
import { nameOf, show } from './fault-pki.ts'

export const caRotated: Fault = {
  slug: 'ca-rotated',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The authority of the peer was replaced by one with the same name, and this end still has the old one',
  make(pki) {
    const issuing = pki.ca({ subject: nameOf(pki.issuing), issuer: pki.ca({ subject: nameOf(pki.root) }) })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
  },
  expect: refused('chain.issuer-mismatch', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  nodeSuggests: 'chain.untrusted-root',
}

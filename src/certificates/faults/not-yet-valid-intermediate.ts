/** Node has the same code for the leaf and its issuer. */
import { type Fault, refused } from './fault.ts'
import { daysAfter, show } from './fault-pki.ts'

export const notYetValidIntermediate: Fault = {
  slug: 'not-yet-valid-intermediate',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer starts tomorrow',
  make(pki) {
    const issuing = pki.ca({
      commonName: 'fault lab Issuing CA, new',
      issuer: pki.root,
      notBefore: daysAfter(pki.now, 1),
    })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
  },
  expect: refused('chain.not-yet-valid', 'CERT_NOT_YET_VALID'),
  nodeSuggests: 'cert.not-yet-valid',
}

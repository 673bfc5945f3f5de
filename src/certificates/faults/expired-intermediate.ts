/** Node has the same code for the leaf and its issuer. */
import { type Fault, refused } from './fault.ts'
import { daysBefore, show } from './fault-pki.ts'

export const expiredIntermediate: Fault = {
  slug: 'expired-intermediate',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer ran out yesterday, its own certificate did not',
  make(pki) {
    const issuing = pki.ca({
      commonName: 'fault lab Issuing CA, old',
      issuer: pki.root,
      notAfter: daysBefore(pki.now, 1),
    })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
  },
  expect: refused('chain.expired', 'CERT_HAS_EXPIRED'),
  nodeSuggests: 'cert.expired',
}

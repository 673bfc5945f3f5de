/** The chain is complete and ends at a root that the judge does not know. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const untrustedRoot: Fault = {
  slug: 'untrusted-root',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer belongs to an authority that this end does not trust; its root was not sent',
  make(pki) {
    const stranger = pki.ca({ commonName: 'stranger Root CA' })
    const issuing = pki.ca({ commonName: 'stranger Issuing CA', issuer: stranger })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
  },
  expect: refused('chain.untrusted-root', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
}

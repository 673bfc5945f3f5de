/** As `untrusted-root`; the code of Node differs only because the peer sent its root. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const untrustedRootSent: Fault = {
  slug: 'untrusted-root-sent',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer belongs to an authority that this end does not trust, and sent its root',
  make(pki) {
    const stranger = pki.ca({ commonName: 'stranger Root CA' })
    const issuing = pki.ca({ commonName: 'stranger Issuing CA', issuer: stranger })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing, stranger) }
  },
  expect: refused('chain.untrusted-root', 'SELF_SIGNED_CERT_IN_CHAIN'),
}

/** A trusted but expired root is still refused by Node; RFC 5280 leaves it open. */
import { type Fault, refused } from './fault.ts'
import { daysBefore, show } from './fault-pki.ts'

export const expiredRoot: Fault = {
  slug: 'expired-root',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The root that both ends trust ran out yesterday',
  make(pki) {
    const root = pki.ca({ commonName: 'fault lab Root CA, old', notAfter: daysBefore(pki.now, 1) })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
  },
  twin(pki) {
    const root = pki.ca({ commonName: 'fault lab Root CA, old' })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
  },
  expect: refused('chain.root-expired', 'CERT_HAS_EXPIRED'),
  nodeSuggests: 'cert.expired',
}

/** Control: the same key with new dates, both copies in the trust list. */
import { accepted, type Fault } from './fault.ts'
import { daysBefore, show } from './fault-pki.ts'

export const caRenewed: Fault = {
  slug: 'ca-renewed',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The root was renewed with the same key, and this end has the old copy and the new one',
  make(pki) {
    const { key } = pki.root
    const old = pki.ca({ commonName: 'renewed Root CA', key, notAfter: daysBefore(pki.now, 1) })
    const renewed = pki.ca({ commonName: 'renewed Root CA', key })
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: renewed })),
      judge: { trust: [old.pem, renewed.pem, pki.root.pem] },
    }
  },
  expect: accepted,
}

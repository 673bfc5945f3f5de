/** The other half of `ca-renewed`. */
import { type Fault, refused } from './fault.ts'
import { daysBefore, show } from './fault-pki.ts'

export const caRenewedOldCopy: Fault = {
  slug: 'ca-renewed-old-copy',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The root was renewed with the same key, and this end has only the old copy',
  make(pki) {
    const { key } = pki.root
    const old = pki.ca({ commonName: 'renewed Root CA', key, notAfter: daysBefore(pki.now, 1) })
    const renewed = pki.ca({ commonName: 'renewed Root CA', key })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: renewed })), judge: { trust: [old.pem, pki.root.pem] } }
  },
  twin(pki) {
    const renewed = pki.ca({ commonName: 'renewed Root CA', key: pki.root.key })
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: renewed })),
      judge: { trust: [renewed.pem, pki.root.pem] },
    }
  },
  expect: refused('chain.root-expired', 'CERT_HAS_EXPIRED'),
  nodeSuggests: 'cert.expired',
}

/** Chrome root policy 1.8, CA/B Forum: public authorities issue for servers only. The way out is a private CA for the end that dials. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const publicCert2026: Fault = {
  slug: 'public-cert-2026',
  family: 'purpose',
  sides: ['client'],
  story: 'The edge dials a partner with a new certificate of a public authority, which has no clientAuth',
  make(pki) {
    const publicRoot = pki.ca({ commonName: 'public Root CA' })
    const publicIssuing = pki.ca({ commonName: 'public Issuing CA', issuer: publicRoot, purposes: ['serverAuth'] })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: publicIssuing, purposes: ['serverAuth'] }), publicIssuing), judge: { trust: [publicRoot.pem, pki.root.pem] } }
  },
  twin(pki) {
    const publicRoot = pki.ca({ commonName: 'public Root CA' })
    const publicIssuing = pki.ca({ commonName: 'public Issuing CA', issuer: publicRoot })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: publicIssuing }), publicIssuing), judge: { trust: [publicRoot.pem, pki.root.pem] } }
  },
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

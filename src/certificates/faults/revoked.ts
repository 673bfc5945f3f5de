/** RFC 5280 §6.3. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'
import { revoking, withCrls } from './parts.ts'

export const revoked: Fault = {
  slug: 'revoked',
  family: 'revocation',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is revoked',
  make(pki) {
    const leaf = pki.leaf()
    return {
      ...presenting(pki, leaf),
      judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), pki.crl(pki.issuing, revoking(pki, leaf))] },
    }
  },
  twin: withCrls,
  expect: refused('cert.revoked', 'CERT_REVOKED'),
}

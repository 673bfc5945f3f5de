/** A stale CRL still revokes. */
import { type Fault, refused } from './fault.ts'
import { daysBefore, presenting } from './fault-pki.ts'
import { revoking, withCrls } from './parts.ts'

export const crlExpiredRevoked: Fault = {
  slug: 'crl-expired-revoked',
  family: 'revocation',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is revoked by a CRL that is stale itself',
  make(pki) {
    const leaf = pki.leaf()
    const stale = pki.crl(pki.issuing, {
      thisUpdate: daysBefore(pki.now, 8),
      nextUpdate: daysBefore(pki.now, 1),
      ...revoking(pki, leaf),
    })
    return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), stale] } }
  },
  twin: withCrls,
  expect: refused('cert.revoked', 'CERT_REVOKED'),
}

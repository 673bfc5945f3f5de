/** Node has the same code for the leaf and its issuer. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'
import { revoking, withCrls } from './parts.ts'

export const intermediateRevoked: Fault = {
  slug: 'intermediate-revoked',
  family: 'revocation',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer is revoked',
  make(pki) {
    const issuing = pki.ca({ commonName: 'fault lab Issuing CA, revoked', issuer: pki.root })
    const crls = [pki.crl(pki.root, revoking(pki, issuing)), pki.crl(issuing)]
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: issuing }), issuing),
      judge: { trust: [pki.root.pem], crls },
    }
  },
  twin: withCrls,
  expect: refused('chain.revoked', 'CERT_REVOKED'),
  nodeSuggests: 'cert.revoked',
}

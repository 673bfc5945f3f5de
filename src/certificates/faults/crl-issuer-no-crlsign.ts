/** RFC 5280 §4.2.1.3. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'
import { withCrls } from './parts.ts'

export const crlIssuerNoCrlsign: Fault = {
  slug: 'crl-issuer-no-crlsign',
  family: 'revocation',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer may sign certificates but not CRLs',
  make(pki) {
    const issuing = pki.ca({ commonName: 'fault lab Issuing CA, no CRLs', issuer: pki.root, uses: ['keyCertSign'] })
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: issuing }), issuing),
      judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), pki.crl(issuing)] },
    }
  },
  twin: withCrls,
  expect: refused('crl.no-crl-sign', 'UNSPECIFIED'),
}

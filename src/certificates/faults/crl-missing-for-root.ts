/** Once CRLs are used, every CA of the chain needs one, the root too. */
import { type Fault, refused } from './fault.ts'
import { withCrls } from './parts.ts'

export const crlMissingForRoot: Fault = {
  slug: 'crl-missing-for-root',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end holds a CRL of the issuing CA but none of the root',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.issuing)] } }),
  twin: withCrls,
  expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
}

/** Once CRLs are used, every CA of the chain needs one. */
import { type Fault, refused } from './fault.ts'
import { withCrls } from './parts.ts'

export const crlMissingForIssuing: Fault = {
  slug: 'crl-missing-for-issuing',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end holds a CRL of the root but none of the issuing CA',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root)] } }),
  twin: withCrls,
  expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
}

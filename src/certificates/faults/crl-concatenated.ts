/** Of several CRLs in one text only the first is read. */
import { type Fault, refused } from './fault.ts'
import { withCrls } from './parts.ts'

export const crlConcatenated: Fault = {
  slug: 'crl-concatenated',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end holds both CRLs in one file',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.goodCrls().join('')] } }),
  twin: withCrls,
  expect: refused('crl.missing', 'UNABLE_TO_GET_CRL'),
}

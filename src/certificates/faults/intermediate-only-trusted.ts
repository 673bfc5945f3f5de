/** Newer Windows refuses it too (KB 2795828). */
import { type Fault, refused } from './fault.ts'

export const intermediateOnlyTrusted: Fault = {
  slug: 'intermediate-only-trusted',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end trusts the issuing CA but not its root',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.issuing.pem] } }),
  expect: refused('chain.partial-anchor', 'UNABLE_TO_GET_ISSUER_CERT'),
}

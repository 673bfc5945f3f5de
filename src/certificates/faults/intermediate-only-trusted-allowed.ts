/** Control: with `allowPartialTrustChain` an anchor need not sign itself, as RFC 5280 §6.1 has it. */
import { accepted, type Fault } from './fault.ts'

export const intermediateOnlyTrustedAllowed: Fault = {
  slug: 'intermediate-only-trusted-allowed',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end trusts the issuing CA but not its root, and allows that',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.issuing.pem], settings: { allowPartialTrustChain: true } } }),
  expect: accepted,
}

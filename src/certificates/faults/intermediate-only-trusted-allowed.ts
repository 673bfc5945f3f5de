/**
 * A control for the end that dials: an anchor need not sign itself (RFC 5280 §6.1). A server of Node does not heed the
 * setting.
 */
import { accepted, type Fault, refused } from './fault.ts'

export const intermediateOnlyTrustedAllowed: Fault = {
  slug: 'intermediate-only-trusted-allowed',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end trusts the issuing CA but not its root, and allows that',
  make: (pki) => ({ ...pki.good(), judge: { trust: [pki.issuing.pem], settings: { allowPartialTrustChain: true } } }),
  expect: accepted,
  expectClient: refused('chain.partial-anchor', 'UNABLE_TO_GET_ISSUER_CERT'),
}

/** Node then trusts the public roots: dangerous for MTLS, since anybody may buy a certificate below one. */
import { type Fault, refused } from './fault.ts'

export const trustListMissing: Fault = {
  slug: 'trust-list-missing',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'This end has no trust list at all',
  make: (pki) => ({ ...pki.good(), judge: { trust: undefined } }),
  expect: refused('trust.missing', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  nodeSuggests: 'chain.untrusted-root',
}

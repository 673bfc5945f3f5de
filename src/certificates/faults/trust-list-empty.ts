/** Node starts with it and then refuses everybody. */
import { type Fault, refused } from './fault.ts'

export const trustListEmpty: Fault = {
  slug: 'trust-list-empty',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The trust list of this end is empty',
  make: (pki) => ({ ...pki.good(), judge: { trust: [] } }),
  expect: refused('trust.empty', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  nodeSuggests: 'chain.untrusted-root',
}

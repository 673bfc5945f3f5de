/** Node starts with it and then refuses everybody. */
import { type Fault, refused } from './fault.ts'

export const trustListGarbage: Fault = {
  slug: 'trust-list-garbage',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The trust list of this end holds no certificate',
  make: (pki) => ({ ...pki.good(), judge: { trust: ['hello'] } }),
  expect: refused('trust.malformed', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  nodeSuggests: 'chain.untrusted-root',
}

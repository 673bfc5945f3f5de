/** The good entries are kept, the broken one is dropped without a sound. */
import { type Fault, unnoticed } from './fault.ts'
import { spoilt } from './parts.ts'

export const trustListSecondCorrupt: Fault = {
  slug: 'trust-list-second-corrupt',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The second entry in the trust list of this end is broken',
  make: (pki) => ({
    ...pki.good(),
    judge: { trust: [pki.root.pem + spoilt(pki.ca({ commonName: 'other Root CA' }).pem)] },
  }),
  expect: unnoticed('trust.partial'),
}

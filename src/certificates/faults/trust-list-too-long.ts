/** Schannel cuts the list of CA names at 16 kB, and clients then find no certificate to send. */
import { type Fault, unnoticed } from './fault.ts'
import { longTrustList } from './parts.ts'

export const trustListTooLong: Fault = {
  slug: 'trust-list-too-long',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The trust list of this end has more names than old peers read',
  make: (pki) => ({ ...pki.good(), judge: { trust: longTrustList(pki) } }),
  expect: unnoticed('trust.too-long'),
}

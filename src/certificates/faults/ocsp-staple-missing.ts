/** Node does not mind. */
import { type Fault, unnoticed } from './fault.ts'
import { stapled } from './parts.ts'

export const ocspStapleMissing: Fault = {
  slug: 'ocsp-staple-missing',
  family: 'revocation',
  sides: ['server'],
  story: 'The client asks for a stapled OCSP answer and gets none',
  make: (pki) => stapled(pki, 'nothing'),
  expect: unnoticed('tls.staple-missing'),
}

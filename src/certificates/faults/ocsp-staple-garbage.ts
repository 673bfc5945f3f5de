/** Node hands the octets on and checks nothing. */
import { type Fault, unnoticed } from './fault.ts'
import { stapled } from './parts.ts'

export const ocspStapleGarbage: Fault = {
  slug: 'ocsp-staple-garbage',
  family: 'revocation',
  sides: ['server'],
  story: 'The server staples octets that are no OCSP answer',
  make: (pki) => stapled(pki, 'garbage'),
  expect: unnoticed('tls.staple-invalid'),
}

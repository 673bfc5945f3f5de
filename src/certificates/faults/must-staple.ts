/** RFC 7633: Node ignores it. */
import { demandStaple } from '../extensions.ts'
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const mustStaple: Fault = {
  slug: 'must-staple',
  family: 'revocation',
  sides: ['server'],
  story: 'The certificate of the server demands a stapled OCSP answer, and none is stapled',
  make: (pki) => presenting(pki, pki.leaf({ more: [demandStaple()] })),
  expect: unnoticed('cert.must-staple'),
}

/** Accepted everywhere; the documentation of OCS demands serverAuth. */
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const noEku: Fault = {
  slug: 'no-eku',
  family: 'purpose',
  sides: ['server', 'client'],
  story: 'The certificate of the peer names no purpose',
  make: (pki) => presenting(pki, pki.leaf({ purposes: [] })),
  expect: unnoticed('cert.eku-absent'),
}

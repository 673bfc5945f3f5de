/** The wire does not mind; no server should hold such a certificate. */
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const leafIsCa: Fault = {
  slug: 'leaf-is-ca',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is itself a CA',
  make: (pki) => presenting(pki, pki.leaf({ ca: true })),
  expect: unnoticed('cert.is-ca'),
}

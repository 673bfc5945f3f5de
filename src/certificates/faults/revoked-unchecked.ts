/** Without CRLs nothing is ever checked; say so in every report. */
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const revokedUnchecked: Fault = {
  slug: 'revoked-unchecked',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The certificate of the peer is revoked, and this end holds no CRL',
  make: (pki) => presenting(pki, pki.leaf()),
  expect: unnoticed('crl.not-checked'),
}

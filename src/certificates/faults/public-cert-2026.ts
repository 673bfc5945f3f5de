/**
 * Chrome root policy 1.8: public authorities issue for servers only. The way out is a private CA for the end that
 * dials.
 */
import { type Fault, refused } from './fault.ts'
import { publicLeaf } from './parts.ts'

export const publicCert2026: Fault = {
  slug: 'public-cert-2026',
  family: 'purpose',
  sides: ['client'],
  story: 'The edge dials a partner with a new certificate of a public authority, which has no clientAuth',
  make: (pki) => publicLeaf(pki, ['serverAuth']),
  twin: (pki) => publicLeaf(pki, ['serverAuth', 'clientAuth']),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

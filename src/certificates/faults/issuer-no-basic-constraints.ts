/** RFC 5280 §4.2.1.9. */
import { type Fault, refused } from './fault.ts'
import { belowCa } from './parts.ts'

export const issuerNoBasicConstraints: Fault = {
  slug: 'issuer-no-basic-constraints',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer has no basic constraints',
  make: (pki) => belowCa(pki, { ca: 'omitted' }),
  expect: refused('chain.not-a-ca', 'INVALID_CA'),
}

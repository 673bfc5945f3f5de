/** Normal for LCS 2005; RFC 9525 does not read the CN any more. */
import { type Fault, unnoticed } from './fault.ts'
import { named } from './parts.ts'

export const cnOnly: Fault = {
  slug: 'cn-only',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server has its name in the subject only',
  make: (pki) => named(pki, pki.name, []),
  expect: unnoticed('cert.san-missing'),
}

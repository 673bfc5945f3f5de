/** RFC 5280 §4.2.1.10. */
import { nameConstraints } from '../extensions.ts'
import { type Fault, refused } from './fault.ts'
import { belowCa, domainOf } from './parts.ts'

export const nameConstraintsPermitted: Fault = {
  slug: 'name-constraints-permitted',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer may issue for another domain only',
  make: (pki) => belowCa(pki, { more: [nameConstraints({ permitted: ['partner.test'] })] }),
  twin: (pki) => belowCa(pki, { more: [nameConstraints({ permitted: [domainOf(pki)] })] }),
  expect: refused('chain.name-constraint', 'UNSPECIFIED'),
}

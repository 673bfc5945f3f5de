/** RFC 5280 §4.2.1.10. */
import { nameConstraints } from '../extensions.ts'
import { type Fault, refused } from './fault.ts'
import { belowCa, domainOf } from './parts.ts'

export const nameConstraintsExcluded: Fault = {
  slug: 'name-constraints-excluded',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The issuing CA of the peer may not issue for its domain',
  make: (pki) => belowCa(pki, { more: [nameConstraints({ excluded: [domainOf(pki)] })] }),
  twin: (pki) => belowCa(pki, { more: [nameConstraints({ excluded: ['partner.test'] })] }),
  expect: refused('chain.name-constraint', 'UNSPECIFIED'),
}

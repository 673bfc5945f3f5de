/** Control for Node; RFC 5280 §4.2.1.6 wants no dot at the end. */
import { accepted, type Fault } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const trailingDot: Fault = {
  slug: 'trailing-dot',
  family: 'names',
  sides: ['server'],
  story: 'The name in the certificate of the server ends with a dot',
  make: (pki) => named(pki, pki.name, [dns(`${pki.name}.`)]),
  expect: accepted,
}

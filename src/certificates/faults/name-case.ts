/** Control: case does not count in host names. */
import { accepted, type Fault } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const nameCase: Fault = {
  slug: 'name-case',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries its name in capitals',
  make: (pki) => named(pki, pki.name.toUpperCase(), [dns(pki.name.toUpperCase())]),
  expect: accepted,
}

/** Control. */
import { accepted, type Fault } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const duplicateSans: Fault = {
  slug: 'duplicate-sans',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries the same name three times',
  make: (pki) => named(pki, pki.name, [dns(pki.name), dns(pki.name), dns(pki.name)]),
  expect: accepted,
}

/** Control: 97 kB of PEM. */
import { accepted, type Fault } from './fault.ts'
import { manyNames, named } from './parts.ts'

export const manySans: Fault = {
  slug: 'many-sans',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries three thousand names',
  make: (pki) => named(pki, pki.name, manyNames(pki, 3000)),
  expect: accepted,
}

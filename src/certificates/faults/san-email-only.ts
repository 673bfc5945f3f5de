/** Node falls back to the CN whenever there is no DNS SAN. */
import { type Fault, unnoticed } from './fault.ts'
import { domainOf, named } from './parts.ts'

export const sanEmailOnly: Fault = {
  slug: 'san-email-only',
  family: 'names',
  sides: ['server'],
  story: 'The only SAN of the server is an e-mail address',
  make: (pki) => named(pki, pki.name, [{ kind: 'email', value: `admin@${domainOf(pki)}` }]),
  expect: unnoticed('cert.name-mismatch'),
}

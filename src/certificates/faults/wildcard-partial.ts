/** Node takes it, RFC 9525 §6.3 does not. */
import { type Fault, unnoticed } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const wildcardPartial: Fault = {
  slug: 'wildcard-partial',
  family: 'names',
  sides: ['server'],
  story: 'The wildcard of the server stands for a part of a label',
  make: (pki) => named(pki, pki.name, [dns(`${pki.name.slice(0, 2)}*.${domainOf(pki)}`)]),
  expect: unnoticed('cert.wildcard'),
}

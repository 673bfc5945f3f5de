/** RFC 5922 §7.2 forbids wildcards for SIP; Node takes one for one label. */
import { type Fault, unnoticed } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const wildcard: Fault = {
  slug: 'wildcard',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries a wildcard for its domain',
  make: (pki) => named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
  expect: unnoticed('cert.wildcard'),
}

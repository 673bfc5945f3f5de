/** Node takes it. */
import { type Fault, unnoticed } from './fault.ts'
import { domainOf, named } from './parts.ts'

export const wildcardCn: Fault = {
  slug: 'wildcard-cn',
  family: 'names',
  sides: ['server'],
  story: 'The subject of the server is a wildcard, and there is no SAN',
  make: (pki) => named(pki, `*.${domainOf(pki)}`, []),
  expect: unnoticed('cert.wildcard'),
}

/** A wildcard never stands for no label. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const wildcardBareDomain: Fault = {
  slug: 'wildcard-bare-domain',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled by the bare domain of its wildcard',
  make: (pki) => ({ ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]), wantedName: domainOf(pki) }),
  twin: (pki) => named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

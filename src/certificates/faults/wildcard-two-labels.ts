/** A wildcard stands for one label (RFC 9525 §6.3). */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const wildcardTwoLabels: Fault = {
  slug: 'wildcard-two-labels',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled two labels below its wildcard',
  make: (pki) => ({
    ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
    wantedName: `a.b.${domainOf(pki)}`,
  }),
  twin: (pki) => ({
    ...named(pki, `*.${domainOf(pki)}`, [dns(`*.${domainOf(pki)}`)]),
    wantedName: `b.${domainOf(pki)}`,
  }),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

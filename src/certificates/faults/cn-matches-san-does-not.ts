/** A DNS SAN switches the CN off. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const cnMatchesSanDoesNot: Fault = {
  slug: 'cn-matches-san-does-not',
  family: 'names',
  sides: ['server'],
  story: 'The subject of the server is the name that was dialled, its SAN is another',
  make: (pki) => named(pki, pki.name, [dns(`other.${domainOf(pki)}`)]),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

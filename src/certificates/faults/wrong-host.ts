/** RFC 5922 §7.2. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const wrongHost: Fault = {
  slug: 'wrong-host',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries another name than the one that was dialled',
  make: (pki) => named(pki, `other.${domainOf(pki)}`, [dns(`other.${domainOf(pki)}`)]),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

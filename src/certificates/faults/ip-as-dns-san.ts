/** An address written as a DNS name is no address. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const ipAsDnsSan: Fault = {
  slug: 'ip-as-dns-san',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled by its address, which stands in its SAN as a DNS name',
  make: (pki) => ({ ...named(pki, pki.name, [dns('127.0.0.1')]), wantedName: '127.0.0.1' }),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

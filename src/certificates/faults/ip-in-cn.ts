/** The CN never stands for an address. */
import { type Fault, refused } from './fault.ts'
import { named } from './parts.ts'

export const ipInCn: Fault = {
  slug: 'ip-in-cn',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled by its address, which stands in its subject',
  make: (pki) => ({ ...named(pki, '127.0.0.1', []), wantedName: '127.0.0.1' }),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

/** LCS wants a subject that equals the FQDN. */
import { type Fault, unnoticed } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const noSubject: Fault = {
  slug: 'no-subject',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server has a SAN and no subject',
  make: (pki) => named(pki, '', [dns(pki.name)]),
  expect: unnoticed('cert.subject-missing'),
}

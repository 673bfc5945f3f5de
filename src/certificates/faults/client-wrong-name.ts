/** Node never looks at the name of a client: this check is ours. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const clientWrongName: Fault = {
  slug: 'client-wrong-name',
  family: 'names',
  sides: ['client'],
  story: 'The certificate of the dialling server carries a name that is on no list',
  make: (pki) => named(pki, `stranger.${domainOf(pki)}`, [dns(`stranger.${domainOf(pki)}`)]),
  expect: refused('cert.name-not-allowed', 'cert.name-not-allowed'),
}

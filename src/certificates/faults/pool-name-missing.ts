/** The classic of OCS: the subject is the pool, the SAN holds pool and machine. */
import { type Fault, refused } from './fault.ts'
import { dns, show } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const poolNameMissing: Fault = {
  slug: 'pool-name-missing',
  family: 'names',
  sides: ['server'],
  story: 'The pool is dialled, and the certificate carries only the name of the machine',
  make: (pki) => ({
    ...pki.good(),
    presenter: show(pki.leaf({ commonName: pki.name, names: [dns(pki.name)] }), pki.issuing),
    wantedName: `pool.${domainOf(pki)}`,
  }),
  twin: (pki) => ({
    ...named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`), dns(pki.name)]),
    wantedName: `pool.${domainOf(pki)}`,
  }),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

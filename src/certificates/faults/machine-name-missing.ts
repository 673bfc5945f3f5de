/** The other half of `pool-name-missing`. */
import { type Fault, refused } from './fault.ts'
import { dns } from './fault-pki.ts'
import { domainOf, named } from './parts.ts'

export const machineNameMissing: Fault = {
  slug: 'machine-name-missing',
  family: 'names',
  sides: ['server'],
  story: 'The machine is dialled, and the certificate carries only the name of the pool',
  make: (pki) => named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`)]),
  twin: (pki) => named(pki, `pool.${domainOf(pki)}`, [dns(`pool.${domainOf(pki)}`), dns(pki.name)]),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

/** Control: with the security level lowered at both ends TLS 1.0 still works. */
import { accepted, type Fault } from './fault.ts'
import { oldTls } from './parts.ts'

export const tls10Both: Fault = {
  slug: 'tls1.0-both',
  family: 'protocol',
  sides: ['server'],
  story: 'Both ends speak the TLS 1.0 of 2005',
  make: (pki) => oldTls(pki),
  expect: accepted,
  versions: ['TLSv1.2'],
}

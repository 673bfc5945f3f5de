/** RFC 5922 §7.1 reads `URI:sip:` first and finds the domain, not the host; Node does not read it. */
import { type Fault, unnoticed } from './fault.ts'
import { domainOf, named } from './parts.ts'

export const sanSipUriOnly: Fault = {
  slug: 'san-sip-uri-only',
  family: 'names',
  sides: ['server'],
  story: 'The only SAN of the server is the SIP URI of its domain',
  make: (pki) => named(pki, pki.name, [{ kind: 'uri', value: `sip:${domainOf(pki)}` }]),
  expect: unnoticed('cert.name-mismatch'),
}

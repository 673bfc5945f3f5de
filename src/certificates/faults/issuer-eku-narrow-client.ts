/** The limit sits on the issuer: the certificate itself lists both purposes. */
import { type Fault, refused } from './fault.ts'
import { belowCa } from './parts.ts'

export const issuerEkuNarrowClient: Fault = {
  slug: 'issuer-eku-narrow-client',
  family: 'purpose',
  sides: ['client'],
  story: 'The issuing CA of the dialling server is limited to server certificates',
  make: (pki) => belowCa(pki, { purposes: ['serverAuth'] }),
  twin: (pki) => belowCa(pki, { purposes: ['clientAuth', 'serverAuth'] }),
  expect: refused('chain.eku-narrow', 'INVALID_PURPOSE'),
  nodeSuggests: 'cert.eku-missing',
}

/** The limit sits on the issuer, not on the certificate of the server. */
import { type Fault, refused } from './fault.ts'
import { belowCa } from './parts.ts'

export const issuerEkuNarrow: Fault = {
  slug: 'issuer-eku-narrow',
  family: 'purpose',
  sides: ['server'],
  story: 'The issuing CA of the server is limited to client certificates',
  make: (pki) => belowCa(pki, { purposes: ['clientAuth'] }),
  twin: (pki) => belowCa(pki, { purposes: ['clientAuth', 'serverAuth'] }),
  expect: refused('chain.eku-narrow', 'INVALID_PURPOSE'),
  nodeSuggests: 'cert.eku-missing',
}

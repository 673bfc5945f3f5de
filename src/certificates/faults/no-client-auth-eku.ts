/** RFC 5280 §4.2.1.12. Inbound works, outbound is refused. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const noClientAuthEku: Fault = {
  slug: 'no-client-auth-eku',
  family: 'purpose',
  sides: ['client'],
  story: 'The certificate of the dialling server is good for servers only',
  make: (pki) => presenting(pki, pki.leaf({ purposes: ['serverAuth'] })),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

/** RFC 5280 §4.2.1.12. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const noServerAuthEku: Fault = {
  slug: 'no-server-auth-eku',
  family: 'purpose',
  sides: ['server'],
  story: 'The certificate of the server is good for clients only',
  make: (pki) => presenting(pki, pki.leaf({ purposes: ['clientAuth'] })),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

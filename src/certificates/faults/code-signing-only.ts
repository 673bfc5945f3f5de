/** RFC 5280 §4.2.1.12. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const codeSigningOnly: Fault = {
  slug: 'code-signing-only',
  family: 'purpose',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is good for signing code only',
  make: (pki) => presenting(pki, pki.leaf({ purposes: ['codeSigning'] })),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

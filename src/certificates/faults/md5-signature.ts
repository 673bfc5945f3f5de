/** An internal CA that signed with MD5 kept front ends from starting. */
import { type Fault, refused } from './fault.ts'
import { underRsaCa } from './parts.ts'

export const md5Signature: Fault = {
  slug: 'md5-signature',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is signed with MD5',
  make: (pki) => underRsaCa(pki, 'md5'),
  twin: (pki) => underRsaCa(pki, 'sha256'),
  expect: refused('cert.signature-weak', 'UNSPECIFIED'),
}

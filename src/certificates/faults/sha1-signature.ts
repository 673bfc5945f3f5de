/** Works only with the security level lowered at the judging end. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const sha1Signature: Fault = {
  slug: 'sha1-signature',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is signed with SHA-1',
  make: (pki) => presenting(pki, pki.leaf({ digest: 'sha1' })),
  expect: refused('cert.signature-weak', 'UNSPECIFIED'),
}

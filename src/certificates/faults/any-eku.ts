/** Windows accepts it, Node does not. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const anyEku: Fault = {
  slug: 'any-eku',
  family: 'purpose',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is good for any purpose, and names no other',
  make: (pki) => presenting(pki, pki.leaf({ purposes: ['any'] })),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

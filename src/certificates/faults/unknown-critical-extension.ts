/** RFC 5280 §4.2. */
import { nothing } from '../der.ts'
import { extension } from '../extensions.ts'
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const unknownCriticalExtension: Fault = {
  slug: 'unknown-critical-extension',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer has a critical extension that nobody knows',
  make: (pki) => presenting(pki, pki.leaf({ more: [extension('1.3.6.1.4.1.99999.1', true, nothing())] })),
  twin: (pki) => presenting(pki, pki.leaf({ more: [extension('1.3.6.1.4.1.99999.1', false, nothing())] })),
  expect: refused('cert.critical-extension', 'UNSPECIFIED'),
}

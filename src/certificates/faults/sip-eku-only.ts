/** RFC 5924 asks for it, TLS stacks want serverAuth and clientAuth beside it. */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const sipEkuOnly: Fault = {
  slug: 'sip-eku-only',
  family: 'purpose',
  sides: ['server', 'client'],
  story: 'The certificate of the peer is good for SIP domains only',
  make: (pki) => presenting(pki, pki.leaf({ purposes: ['sipDomain'] })),
  twin: (pki) => presenting(pki, pki.leaf({ purposes: ['sipDomain', 'serverAuth', 'clientAuth'] })),
  expect: refused('cert.eku-missing', 'INVALID_PURPOSE'),
}

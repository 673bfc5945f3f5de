/** RFC 5280 §4.1.2.5. */
import { type Fault, refused } from './fault.ts'
import { daysBefore, presenting } from './fault-pki.ts'

export const expired: Fault = {
  slug: 'expired',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The peer presents a certificate that ran out yesterday',
  make: (pki) => presenting(pki, pki.leaf({ notBefore: daysBefore(pki.now, 31), notAfter: daysBefore(pki.now, 1) })),
  expect: refused('cert.expired', 'CERT_HAS_EXPIRED'),
}

/** RFC 5280 §4.1.2.5. Windows has one code for both ends of the window. */
import { type Fault, refused } from './fault.ts'
import { daysAfter, presenting } from './fault-pki.ts'

export const notYetValid: Fault = {
  slug: 'not-yet-valid',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The peer presents a certificate that starts tomorrow',
  make: (pki) => presenting(pki, pki.leaf({ notBefore: daysAfter(pki.now, 1) })),
  expect: refused('cert.not-yet-valid', 'CERT_NOT_YET_VALID'),
}

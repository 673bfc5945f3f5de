/** Control: a certificate of one minute is as good as one of a year. */
import { accepted, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const shortLived: Fault = {
  slug: 'short-lived',
  family: 'time',
  sides: ['server', 'client'],
  story: 'The peer presents a certificate that ends in a minute',
  make: (pki) => presenting(pki, pki.leaf({ notAfter: new Date(pki.now + 60_000) })),
  expect: accepted,
}

/** The incident of 2006: Node starts without complaint, the service of old did not. */
import { type Fault, stopsStart } from './fault.ts'
import { daysBefore, presenting } from './fault-pki.ts'

export const expiredOwnAtStart: Fault = {
  slug: 'expired-own-at-start',
  family: 'time',
  sides: ['server'],
  story: 'The certificate of the node itself ran out yesterday',
  make: (pki) => presenting(pki, pki.leaf({ notBefore: daysBefore(pki.now, 31), notAfter: daysBefore(pki.now, 1) })),
  expect: stopsStart('cert.expired'),
}

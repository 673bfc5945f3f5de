/** Suspect the clock of the node first. */
import { type Fault, stopsStart } from './fault.ts'
import { daysAfter, presenting } from './fault-pki.ts'

export const notYetValidOwnAtStart: Fault = {
  slug: 'not-yet-valid-own-at-start',
  family: 'time',
  sides: ['server'],
  story: 'The certificate of the node itself starts tomorrow',
  make: (pki) => presenting(pki, pki.leaf({ notBefore: daysAfter(pki.now, 1) })),
  expect: stopsStart('cert.not-yet-valid'),
}

/** Control: dial the A-label, as `url.domainToASCII` gives it. */
import { accepted, type Fault } from './fault.ts'
import { dns } from './fault-pki.ts'
import { named } from './parts.ts'

export const internationalised: Fault = {
  slug: 'internationalised',
  family: 'names',
  sides: ['server'],
  story: 'The server has an internationalised name',
  make: (pki) => ({
    ...named(pki, 'xn--mnchen-3ya.lab.test', [dns('xn--mnchen-3ya.lab.test')]),
    wantedName: 'xn--mnchen-3ya.lab.test',
  }),
  expect: accepted,
}

/** Control. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const chainExtra: Fault = {
  slug: 'chain-extra',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends a CA that has nothing to do with it',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), pki.issuing, pki.ca({ commonName: 'bystander CA' })) }),
  expect: accepted,
}

/** Control. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const rootIncluded: Fault = {
  slug: 'root-included',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends the root as well',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf(), pki.issuing, pki.root) }),
  expect: accepted,
}

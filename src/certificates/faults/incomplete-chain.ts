/** RFC 8446 §4.4.2. Windows may fetch the missing link and show nothing wrong. */
import { type Fault, refused } from './fault.ts'
import { show } from './fault-pki.ts'

export const incompleteChain: Fault = {
  slug: 'incomplete-chain',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends its certificate without the issuing CA',
  make: (pki) => ({ ...pki.good(), presenter: show(pki.leaf()) }),
  expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

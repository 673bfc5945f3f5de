/** Control: Node completes the chain it sends from its own trust list, so the gap does not show. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const incompleteChainHidden: Fault = {
  slug: 'incomplete-chain-hidden',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The issuing CA is missing in the file of the peer, but stands in its trust list',
  make: (pki) => ({ ...pki.good(), presenter: { ...show(pki.leaf()), trust: pki.root.pem + pki.issuing.pem } }),
  expect: accepted,
}

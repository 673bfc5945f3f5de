/** The key identifiers differ, so OpenSSL does not even try the signature. */
import { type Fault, refused } from './fault.ts'
import { nameOf, show } from './fault-pki.ts'

export const sameNameOtherKey: Fault = {
  slug: 'same-name-other-key',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer was signed by a CA that has the name of the trusted one and another key',
  make: (pki) => ({
    ...pki.good(),
    presenter: show(pki.leaf({ issuer: pki.ca({ subject: nameOf(pki.root) }) })),
    judge: { trust: [pki.root.pem] },
  }),
  expect: refused('chain.issuer-mismatch', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  nodeSuggests: 'chain.incomplete',
}

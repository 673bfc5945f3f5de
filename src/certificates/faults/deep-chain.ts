/** Control. A root of its own: the one of a lab allows one CA below it. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const deepChain: Fault = {
  slug: 'deep-chain',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'There are twelve CAs between the peer and the root',
  make(pki) {
    const root = pki.ca({ commonName: 'fault lab deep Root CA' })
    const cas = [root]
    for (let depth = 1; depth <= 12; depth += 1)
      cas.unshift(pki.ca({ commonName: `fault lab CA ${depth}`, issuer: cas[0] ?? root }))
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: cas[0] ?? root }), ...cas.slice(0, -1)),
      judge: { trust: [root.pem, pki.root.pem] },
    }
  },
  expect: accepted,
}

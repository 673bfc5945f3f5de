/** Control: after the leaf the order does not matter (RFC 8446 §4.4.2). */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const chainOutOfOrder: Fault = {
  slug: 'chain-out-of-order',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends its issuers in the wrong order',
  make(pki) {
    const root = pki.ca({ commonName: 'fault lab deep Root CA' })
    const upper = pki.ca({ commonName: 'fault lab Upper CA', issuer: root })
    const lower = pki.ca({ commonName: 'fault lab Lower CA', issuer: upper })
    return {
      ...pki.good(),
      presenter: show(pki.leaf({ issuer: lower }), upper, lower),
      judge: { trust: [root.pem, pki.root.pem] },
    }
  },
  expect: accepted,
}

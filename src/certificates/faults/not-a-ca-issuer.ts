/** RFC 5280 §4.2.1.9. */
import { type Fault, refused } from './fault.ts'
import { dns, show } from './fault-pki.ts'

export const notACaIssuer: Fault = {
  slug: 'not-a-ca-issuer',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The certificate of the peer was signed by an ordinary server certificate',
  make(pki) {
    const server = pki.leaf({ commonName: 'other.lab.test', names: [dns('other.lab.test')] })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: server }), server, pki.issuing) }
  },
  expect: refused('chain.not-a-ca', 'UNSPECIFIED'),
  nodeSuggests: 'chain.no-cert-sign',
}

/** Control: nobody checks the signature of a root on itself. */
import { accepted, type Fault } from './fault.ts'
import { show } from './fault-pki.ts'

export const sha1Root: Fault = {
  slug: 'sha1-root',
  family: 'algorithms',
  sides: ['server', 'client'],
  story: 'The root that both ends trust is signed with SHA-1',
  make(pki) {
    const root = pki.ca({ commonName: 'fault lab Root CA, SHA-1', digest: 'sha1' })
    return { ...pki.good(), presenter: show(pki.leaf({ issuer: root })), judge: { trust: [root.pem, pki.root.pem] } }
  },
  expect: accepted,
}

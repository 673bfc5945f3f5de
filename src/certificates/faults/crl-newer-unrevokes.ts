/** Control: the newest CRL wins, in any order. */
import { accepted, type Fault } from './fault.ts'
import { daysBefore, presenting } from './fault-pki.ts'
import { revoking } from './parts.ts'

export const crlNewerUnrevokes: Fault = {
  slug: 'crl-newer-unrevokes',
  family: 'revocation',
  sides: ['server', 'client'],
  story: 'The certificate of the peer stands on an old CRL and no longer on the newest',
  make(pki) {
    const leaf = pki.leaf()
    const old = pki.crl(pki.issuing, { thisUpdate: daysBefore(pki.now, 2), ...revoking(pki, leaf) })
    const newer = pki.crl(pki.issuing, { number: 2, thisUpdate: daysBefore(pki.now, 1) })
    return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), newer, old] } }
  },
  expect: accepted,
}

/** A way round the CRL: give every context the same trust list and the same CRLs, or use no contexts for MTLS. */
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'
import { revoking } from './parts.ts'

export const crlNotOnSniContext: Fault = {
  slug: 'crl-not-on-sni-context',
  family: 'revocation',
  sides: ['client'],
  breaks: 'judge',
  story: 'The server has a second context for one name, without its CRLs, and a revoked client asks for that name',
  make(pki) {
    const leaf = pki.leaf()
    const crls = [pki.crl(pki.root), pki.crl(pki.issuing, revoking(pki, leaf))]
    return { ...presenting(pki, leaf), judge: { trust: [pki.root.pem], crls, settings: { contextWithoutCrl: true } } }
  },
  expect: unnoticed('crl.not-checked'),
}

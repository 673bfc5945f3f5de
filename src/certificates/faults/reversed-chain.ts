/** An order fault that OpenSSL calls a key fault: the first certificate must be the leaf. */
import { type Fault, stopsStart } from './fault.ts'
import { show } from './fault-pki.ts'

export const reversedChain: Fault = {
  slug: 'reversed-chain',
  family: 'trust',
  sides: ['server'],
  story: 'The certificate file holds the issuing CA before the certificate of the node',
  make(pki) {
    const leaf = pki.leaf()
    return { ...pki.good(), presenter: { ...show(leaf), certificate: pki.issuing.pem + leaf.pem } }
  },
  expect: stopsStart('chain.out-of-order', 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'),
}

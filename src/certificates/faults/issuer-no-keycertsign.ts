/** RFC 5280 §4.2.1.3. */
import { type Fault, refused } from './fault.ts'
import { belowCa } from './parts.ts'

export const issuerNoKeycertsign: Fault = {
  slug: 'issuer-no-keycertsign',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The key usage of the issuing CA of the peer leaves out keyCertSign',
  make: (pki) => belowCa(pki, { uses: ['cRLSign', 'digitalSignature'] }),
  expect: refused('chain.no-cert-sign', 'UNSPECIFIED'),
}

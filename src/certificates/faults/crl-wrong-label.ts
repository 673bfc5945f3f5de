/** OpenSSL insists on the label `X509 CRL`; some tools write `CRL`. */
import { type Fault, stopsStart } from './fault.ts'
import { judgedByCrl, withCrls } from './parts.ts'

export const crlWrongLabel: Fault = {
  slug: 'crl-wrong-label',
  family: 'revocation',
  sides: ['server'],
  breaks: 'judge',
  story: 'A CRL file of this end has the label CRL',
  make: (pki) => judgedByCrl(pki, pki.crl(pki.issuing).replaceAll('X509 CRL', 'CRL')),
  twin: withCrls,
  expect: stopsStart('crl.malformed', 'ERR_CRYPTO_OPERATION_FAILED'),
}

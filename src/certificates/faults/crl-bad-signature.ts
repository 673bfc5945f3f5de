/** RFC 5280 §6.3.3. */
import { type Fault, refused } from './fault.ts'
import { judgedByCrl, spoiltCrl, withCrls } from './parts.ts'

export const crlBadSignature: Fault = {
  slug: 'crl-bad-signature',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The CRL of the issuing CA is signed by another key',
  make: (pki) => judgedByCrl(pki, spoiltCrl(pki)),
  twin: withCrls,
  expect: refused('crl.signature-invalid', 'CRL_SIGNATURE_FAILURE'),
}

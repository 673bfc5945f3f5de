/** Compare the clocks of this node and of the issuer. */
import { type Fault, refused } from './fault.ts'
import { daysAfter } from './fault-pki.ts'
import { judgedByCrl, withCrls } from './parts.ts'

export const crlNotYetValid: Fault = {
  slug: 'crl-not-yet-valid',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The CRL of the issuing CA starts tomorrow',
  make: (pki) =>
    judgedByCrl(pki, pki.crl(pki.issuing, { thisUpdate: daysAfter(pki.now, 1), nextUpdate: daysAfter(pki.now, 8) })),
  twin: withCrls,
  expect: refused('crl.not-yet-valid', 'CRL_NOT_YET_VALID'),
}

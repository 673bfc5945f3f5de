/** The quiet outage: a forgotten CRL stops everything. */
import { type Fault, refused } from './fault.ts'
import { daysBefore } from './fault-pki.ts'
import { judgedByCrl, withCrls } from './parts.ts'

export const crlExpired: Fault = {
  slug: 'crl-expired',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The CRL of the issuing CA was to be replaced yesterday',
  make: (pki) =>
    judgedByCrl(pki, pki.crl(pki.issuing, { thisUpdate: daysBefore(pki.now, 8), nextUpdate: daysBefore(pki.now, 1) })),
  twin: withCrls,
  expect: refused('crl.expired', 'CRL_HAS_EXPIRED'),
}

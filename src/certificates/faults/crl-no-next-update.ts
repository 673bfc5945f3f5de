/** Never stale: accepted, and a way to miss every later revocation. */
import { type Fault, unnoticed } from './fault.ts'
import { crlWithoutNextUpdate, judgedByCrl } from './parts.ts'

export const crlNoNextUpdate: Fault = {
  slug: 'crl-no-next-update',
  family: 'revocation',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The CRL of the issuing CA names no next update',
  make: (pki) => judgedByCrl(pki, crlWithoutNextUpdate(pki)),
  expect: unnoticed('crl.no-next-update'),
}

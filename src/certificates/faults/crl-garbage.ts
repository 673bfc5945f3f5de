/** Node does not start with it. */
import { type Fault, stopsStart } from './fault.ts'
import { judgedByCrl, withCrls } from './parts.ts'

export const crlGarbage: Fault = {
  slug: 'crl-garbage',
  family: 'revocation',
  sides: ['server'],
  breaks: 'judge',
  story: 'A CRL file of this end cannot be read',
  make: (pki) => judgedByCrl(pki, 'hello'),
  twin: withCrls,
  expect: stopsStart('crl.malformed', 'ERR_CRYPTO_OPERATION_FAILED'),
}

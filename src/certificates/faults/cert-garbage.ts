/** Not PEM at all. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certGarbage: Fault = {
  slug: 'cert-garbage',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file holds other text',
  make: (pki) => withCertificate(pki, () => 'hello'),
  expect: stopsStart('file.not-pem', 'ERR_OSSL_PEM_NO_START_LINE'),
}

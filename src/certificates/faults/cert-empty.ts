/** Node starts, and every handshake fails. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certEmpty: Fault = {
  slug: 'cert-empty',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file is empty',
  make: (pki) => withCertificate(pki, () => ''),
  expect: stopsStart('file.empty'),
}

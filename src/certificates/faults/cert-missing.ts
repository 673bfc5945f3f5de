/** Node starts, and every handshake fails. */
import { type Fault, stopsStart } from './fault.ts'
import { withoutCertificate } from './parts.ts'

export const certMissing: Fault = {
  slug: 'cert-missing',
  family: 'files',
  sides: ['server'],
  story: 'There is no certificate file',
  make: (pki) => withoutCertificate(pki),
  expect: stopsStart('file.missing'),
}

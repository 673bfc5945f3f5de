/** RFC 7468: every block has its END line. Node starts all the same. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certEndMissing: Fault = {
  slug: 'cert-end-missing',
  family: 'files',
  sides: ['server'],
  story: 'The first block of the certificate file has no END line',
  make: (pki) => withCertificate(pki, (pem) => pem.replace('-----END CERTIFICATE-----\n', '')),
  expect: stopsStart('file.corrupt'),
}

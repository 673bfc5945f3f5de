/** RFC 7468: every block has its END line. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certBlocksJoined: Fault = {
  slug: 'cert-blocks-joined',
  family: 'files',
  sides: ['server'],
  story: 'Two blocks of the certificate file run together',
  make: (pki) => withCertificate(pki, (pem) => pem.replace('-----END CERTIFICATE-----\n', '')),
  expect: stopsStart('file.partial', 'ERR_OSSL_PEM_BAD_END_LINE'),
}

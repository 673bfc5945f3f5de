/** RFC 7468: BEGIN starts a line. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certBlocksJoined: Fault = {
  slug: 'cert-blocks-joined',
  family: 'files',
  sides: ['server'],
  story: 'Two blocks of the certificate file run together',
  make: (pki) =>
    withCertificate(pki, (pem) =>
      pem.replace('-----END CERTIFICATE-----\n-----BEGIN', '-----END CERTIFICATE----------BEGIN'),
    ),
  expect: stopsStart('file.corrupt', 'ERR_OSSL_PEM_BAD_END_LINE'),
}

/** As many certificates are loaded as the file has blocks, or none. */
import { type Fault, stopsStart } from './fault.ts'
import { afterFirst, spoilt, withCertificate } from './parts.ts'

export const certSecondCorrupt: Fault = {
  slug: 'cert-second-corrupt',
  family: 'files',
  sides: ['server'],
  story: 'The second block of the certificate file is damaged',
  make: (pki) => withCertificate(pki, afterFirst(spoilt)),
  expect: stopsStart('file.partial', 'ERR_OSSL_PEM_BAD_BASE64_DECODE'),
}

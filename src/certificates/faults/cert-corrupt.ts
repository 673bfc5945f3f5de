/** RFC 7468. */
import { type Fault, stopsStart } from './fault.ts'
import { spoilt, withCertificate } from './parts.ts'

export const certCorrupt: Fault = {
  slug: 'cert-corrupt',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file is damaged',
  make: (pki) => withCertificate(pki, spoilt),
  expect: stopsStart('file.corrupt', 'ERR_OSSL_PEM_BAD_BASE64_DECODE'),
}

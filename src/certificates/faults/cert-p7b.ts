/** The label tells. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certP7b: Fault = {
  slug: 'cert-p7b',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file is a PKCS #7 bundle',
  make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('CERTIFICATE', 'PKCS7')),
  expect: stopsStart('file.pkcs7', 'ERR_OSSL_PEM_NO_START_LINE'),
}

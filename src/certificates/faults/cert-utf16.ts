/** The first octets tell: FF FE. */
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certUtf16: Fault = {
  slug: 'cert-utf16',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file was saved as UTF-16',
  make: (pki) => withCertificate(pki, (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le')),
  expect: stopsStart('file.utf16', 'ERR_OSSL_PEM_NO_START_LINE'),
}

/** The first octets tell: 30 82. */
import { X509Certificate } from 'node:crypto'
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certDer: Fault = {
  slug: 'cert-der',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file is DER, not PEM',
  make: (pki) => withCertificate(pki, (pem) => new X509Certificate(pem).raw),
  expect: stopsStart('file.der', 'ERR_OSSL_PEM_NO_START_LINE'),
}

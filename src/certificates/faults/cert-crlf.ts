/** Control. */
import { accepted, type Fault } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certCrlf: Fault = {
  slug: 'cert-crlf',
  family: 'files',
  sides: ['server', 'client'],
  story: 'The certificate file has the line ends of Windows',
  make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('\n', '\r\n')),
  expect: accepted,
}

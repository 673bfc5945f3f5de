/** Control. */
import { accepted, type Fault } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certBom: Fault = {
  slug: 'cert-bom',
  family: 'files',
  sides: ['server', 'client'],
  story: 'The certificate file starts with a byte order mark',
  make: (pki) => withCertificate(pki, (pem) => `\ufeff${pem}`),
  expect: accepted,
}

/** Control. */
import { accepted, type Fault } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certNoFinalNewline: Fault = {
  slug: 'cert-no-final-newline',
  family: 'files',
  sides: ['server', 'client'],
  story: 'The certificate file does not end with a line end',
  make: (pki) => withCertificate(pki, (pem) => pem.trimEnd()),
  expect: accepted,
}

/** Control. */
import { accepted, type Fault } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certTextAround: Fault = {
  slug: 'cert-text-around',
  family: 'files',
  sides: ['server', 'client'],
  story: 'There is text around the blocks of the certificate file',
  make: (pki) => withCertificate(pki, (pem) => `subject=somebody\n${pem}the end\n`),
  expect: accepted,
}

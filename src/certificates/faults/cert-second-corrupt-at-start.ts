/** Node starts and sends half a chain. */
import { type Fault, stopsStart } from './fault.ts'
import { spoilt, withCertificate } from './parts.ts'

export const certSecondCorruptAtStart: Fault = {
  slug: 'cert-second-corrupt-at-start',
  family: 'files',
  sides: ['server'],
  story: 'The second block of the certificate file is damaged',
  make: (pki) => withCertificate(pki, (pem) => pem.replace(/(?<=END CERTIFICATE-----\n)[^]*$/, spoilt)),
  expect: stopsStart('file.partial'),
}

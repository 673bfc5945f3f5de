/** Node starts and sends half a chain. */
import { type Fault, stopsStart } from './fault.ts'
import { afterFirst, mislabelled, withCertificate } from './parts.ts'

export const certSecondMislabelled: Fault = {
  slug: 'cert-second-mislabelled',
  family: 'files',
  sides: ['server'],
  story: 'The label of the second block in the certificate file is misspelt',
  make: (pki) => withCertificate(pki, afterFirst(mislabelled)),
  expect: stopsStart('file.partial'),
}

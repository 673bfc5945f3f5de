/** A certificate where a certificate is wanted. */
import { keyToPem } from '../keys.ts'
import { type Fault, stopsStart } from './fault.ts'
import { withCertificate } from './parts.ts'

export const certIsKey: Fault = {
  slug: 'cert-is-key',
  family: 'files',
  sides: ['server'],
  story: 'The certificate file holds the key',
  make: (pki) => withCertificate(pki, () => keyToPem(pki.leaf().key)),
  expect: stopsStart('file.wrong-kind', 'ERR_OSSL_PEM_NO_START_LINE'),
}

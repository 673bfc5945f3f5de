/** In soft mode Node says UNABLE_TO_GET_ISSUER_CERT, which misleads: look for the certificate first. */
import { type Fault, refused } from './fault.ts'

export const clientCertMissing: Fault = {
  slug: 'client-cert-missing',
  family: 'protocol',
  sides: ['client'],
  story: 'The dialling server shows no certificate',
  make: (pki) => ({ ...pki.good(), presenter: {} }),
  expect: refused('tls.client-cert-missing', 'tls.client-cert-missing'),
}

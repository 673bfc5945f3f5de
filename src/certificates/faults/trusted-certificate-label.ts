/** OpenSSL writes this label for its own trust settings; the leaf is read, the rest of the chain is not. */
import { type Fault, refused } from './fault.ts'
import { withCertificate } from './parts.ts'

export const trustedCertificateLabel: Fault = {
  slug: 'trusted-certificate-label',
  family: 'files',
  sides: ['server', 'client'],
  story: 'The certificate file of the peer has the label TRUSTED CERTIFICATE',
  make: (pki) => withCertificate(pki, (pem) => pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')),
  expect: refused('chain.incomplete', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
}

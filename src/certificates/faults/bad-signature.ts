/**
 * RFC 5280 §6.1.3. A strict server has another code here, ERR_SSL_PROVIDER_SIGNATURE_FAILURE, a left-over of the queue
 * of errors.
 */
import { type Fault, refused } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const badSignature: Fault = {
  slug: 'bad-signature',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'One bit of the signature on the certificate of the peer is wrong',
  make: (pki) => presenting(pki, pki.leaf({ wrongSignature: true })),
  expect: refused('cert.signature-invalid', 'CERT_SIGNATURE_FAILURE'),
}

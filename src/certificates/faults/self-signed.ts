/** RFC 5280 §6.1. */
import { type Fault, refused } from './fault.ts'
import { selfSignedPresenter } from './parts.ts'

export const selfSigned: Fault = {
  slug: 'self-signed',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer presents a certificate that it signed itself',
  make: (pki) => ({ ...pki.good(), presenter: selfSignedPresenter(pki) }),
  expect: refused('cert.self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'),
}

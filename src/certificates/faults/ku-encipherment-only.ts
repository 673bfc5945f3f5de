/** The wire does not mind, even under TLS 1.3. */
import { type Fault, unnoticed } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const kuEnciphermentOnly: Fault = {
  slug: 'ku-encipherment-only',
  family: 'purpose',
  sides: ['server'],
  story: 'The key usage of the RSA certificate of the server leaves out digitalSignature',
  make: (pki) => presenting(pki, pki.leaf({ keyType: 'rsa2048', uses: ['keyEncipherment'] })),
  expect: unnoticed('cert.ku-wrong'),
}

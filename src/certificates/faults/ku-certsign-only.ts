/**
 * One fault, two faces: under TLS 1.2 the server finds no cipher suite it may sign for, under 1.3 the client refuses.
 */
import { broken, type Fault } from './fault.ts'
import { presenting } from './fault-pki.ts'

export const kuCertsignOnly: Fault = {
  slug: 'ku-certsign-only',
  family: 'purpose',
  sides: ['server'],
  story: 'The key usage of the certificate of the server holds keyCertSign only',
  make: (pki) => presenting(pki, pki.leaf({ uses: ['keyCertSign'] })),
  expect: broken(
    'cert.ku-wrong',
    { presenter: 'ERR_SSL_NO_SHARED_CIPHER', judge: 'alert 40' },
    { presenter: 'closed', judge: 'INVALID_PURPOSE' },
  ),
  nodeSuggests: { tls12: 'tls.alert', tls13: 'cert.eku-missing' },
}

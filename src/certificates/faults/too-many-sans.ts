/** The certificate message passes the 100 kB that OpenSSL reads. */
import { broken, type Fault } from './fault.ts'
import { manyNames, named } from './parts.ts'

export const tooManySans: Fault = {
  slug: 'too-many-sans',
  family: 'names',
  sides: ['server'],
  story: 'The certificate of the server carries five thousand names',
  make: (pki) => named(pki, pki.name, manyNames(pki, 5000)),
  twin: (pki) => named(pki, pki.name, manyNames(pki, 3000)),
  expect: broken('tls.chain-too-large', { presenter: 'alert 47', judge: 'ERR_SSL_EXCESSIVE_MESSAGE_SIZE' }),
}

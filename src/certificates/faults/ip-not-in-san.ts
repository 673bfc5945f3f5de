/** Dial by name, always. */
import { type Fault, refused } from './fault.ts'

export const ipNotInSan: Fault = {
  slug: 'ip-not-in-san',
  family: 'names',
  sides: ['server'],
  story: 'The server is dialled by its address, and the certificate carries only its name',
  make: (pki) => ({ ...pki.good(), wantedName: '127.0.0.1' }),
  expect: refused('cert.name-mismatch', 'ERR_TLS_CERT_ALTNAME_INVALID'),
}

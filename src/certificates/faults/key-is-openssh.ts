/** OpenSSL has one error for every key it cannot read. */
import { type Fault, stopsStart } from './fault.ts'
import { withKey } from './parts.ts'

export const keyIsOpenssh: Fault = {
  slug: 'key-is-openssh',
  family: 'files',
  sides: ['server'],
  story: 'The key file is in the format of OpenSSH',
  make: (pki) =>
    withKey(pki, '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n'),
  expect: stopsStart('key.malformed', 'ERR_OSSL_UNSUPPORTED'),
}

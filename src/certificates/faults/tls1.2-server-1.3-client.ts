/** RFC 8446 §4.2.1. */
import { broken, type Fault } from './fault.ts'

export const tls12Server13Client: Fault = {
  slug: 'tls1.2-server-1.3-client',
  family: 'protocol',
  sides: ['server'],
  story: 'The server allows TLS 1.2 at most, the client 1.3 at least',
  make: (pki) => ({
    ...pki.good(),
    presenter: { ...pki.good().presenter, settings: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } },
  }),
  expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_UNSUPPORTED_PROTOCOL', judge: 'alert 70' }),
  versions: ['TLSv1.3'],
}

/** What the servers of 2005 spoke; needs the security level lowered on both ends to work. */
import { broken, type Fault } from './fault.ts'

export const tls10Server: Fault = {
  slug: 'tls1.0-server',
  family: 'protocol',
  sides: ['server'],
  story: 'The server allows TLS 1.0 only',
  make: (pki) => ({
    ...pki.good(),
    presenter: { ...pki.good().presenter, settings: { minVersion: 'TLSv1', maxVersion: 'TLSv1' } },
  }),
  expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_NO_PROTOCOLS_AVAILABLE', judge: 'alert 70' }),
}

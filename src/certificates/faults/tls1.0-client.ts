/** What the clients of 2005 spoke. */
import { broken, type Fault } from './fault.ts'

export const tls10Client: Fault = {
  slug: 'tls1.0-client',
  family: 'protocol',
  sides: ['server'],
  breaks: 'judge',
  story: 'The client allows TLS 1.0 only',
  make: (pki) => ({
    ...pki.good(),
    judge: {
      trust: [pki.root.pem],
      settings: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' },
    },
  }),
  expect: broken('tls.no-common-version', { presenter: 'ERR_SSL_UNSUPPORTED_PROTOCOL', judge: 'alert 70' }),
}

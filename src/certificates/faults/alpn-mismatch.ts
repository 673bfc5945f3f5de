/** RFC 7301. */
import { broken, type Fault } from './fault.ts'
import { protocols } from './parts.ts'

export const alpnMismatch: Fault = {
  slug: 'alpn-mismatch',
  family: 'protocol',
  sides: ['server'],
  story: 'The two ends offer different application protocols',
  make: (pki) => protocols(pki, ['sip/2'], ['h2']),
  twin: (pki) => protocols(pki, ['sip/2'], ['sip/2']),
  expect: broken('tls.alpn-mismatch', { presenter: 'ERR_SSL_NO_APPLICATION_PROTOCOL', judge: 'alert 120' }),
}

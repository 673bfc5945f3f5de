/** An error in place of an answer breaks the handshake: answer with nothing. */
import { broken, type Fault } from './fault.ts'
import { stapled } from './parts.ts'

export const ocspResponderError: Fault = {
  slug: 'ocsp-responder-error',
  family: 'revocation',
  sides: ['server'],
  story: 'The server reports an error of its OCSP responder to the handshake',
  make: (pki) => stapled(pki, 'error'),
  twin: (pki) => stapled(pki, 'nothing'),
  expect: broken('tls.staple-invalid', { presenter: 'the responder is down', judge: 'ECONNRESET' }),
  nodeSuggests: 'link.reset',
}

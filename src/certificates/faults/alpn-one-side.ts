/** Control: offered at one end only, it is ignored. */
import { accepted, type Fault } from './fault.ts'
import { protocols } from './parts.ts'

export const alpnOneSide: Fault = {
  slug: 'alpn-one-side',
  family: 'protocol',
  sides: ['server'],
  story: 'Only the server offers an application protocol',
  make: (pki) => protocols(pki, ['sip/2'], undefined),
  expect: accepted,
}

/** Control, the shape of AddTrust: the new root is trusted, so the expired cross certificate does not matter. */
import { accepted, type Fault } from './fault.ts'
import { crossSignedPair } from './parts.ts'

export const crossSigned: Fault = {
  slug: 'cross-signed',
  family: 'trust',
  sides: ['server', 'client'],
  story: 'The peer sends an expired cross certificate, and this end trusts the new root',
  make: (pki) => crossSignedPair(pki).withNewRoot,
  expect: accepted,
}

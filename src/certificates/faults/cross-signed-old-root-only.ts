/** The other half of `cross-signed`. */
import { type Fault, refused } from './fault.ts'
import { crossSignedPair } from './parts.ts'

export const crossSignedOldRootOnly: Fault = {
  slug: 'cross-signed-old-root-only',
  family: 'trust',
  sides: ['server', 'client'],
  breaks: 'judge',
  story: 'The peer sends an expired cross certificate, and this end trusts only the old root',
  make: (pki) => crossSignedPair(pki).withOldRoot,
  twin: (pki) => crossSignedPair(pki).withNewRoot,
  expect: refused('chain.expired', 'CERT_HAS_EXPIRED'),
  nodeSuggests: 'cert.expired',
}

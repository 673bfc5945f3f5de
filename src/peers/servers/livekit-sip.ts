/** LiveKit SIP, as it is configured out of the box. */
import { inferred, noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const livekitSip: PeerPolicy = {
  name: 'livekit-sip',
  title: 'LiveKit SIP',
  kind: 'server',
  about: 'LiveKit verifies the chain of a server that it dials, but not the name. It shows no client certificate.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('yes', 'L1'),
      serverAuth: inferred('required', 'L1'),
      clientCertificate: read('not-asked', 'L1'),
      clientAuth: read('none', 'L1'),
      issuers: noted(inferred({ kind: 'public' }, 'L1'), 'the trust list of the system'),
      checksName: read('no', 'L1'),
      showsClientCertificate: read('no', 'L1'),
    }),
  ],
  sources: {
    L1: 'livekit/sip #462, #530, #593, #776',
  },
}

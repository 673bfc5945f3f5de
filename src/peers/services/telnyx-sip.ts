/** Telnyx. */
import { inferred, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const telnyxSip: PeerPolicy = {
  name: 'telnyx-sip',
  title: 'Telnyx',
  kind: 'service',
  about: 'TLS to sip.telnyx.com:5061, off by default; no mutual TLS is mentioned.',
  checked: '2026-11-28',
  dials: inferred(['us', 'peer'], 'TE1'),
  endpoints: ['sip.telnyx.com:5061'],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'current',
      clientCertificate: read('not-asked', 'TE1'),
      clientAuth: read('none', 'TE1'),
      shows: inferred(['serverAuth'], 'TE1'),
    }),
  ],
  sources: {
    TE1: 'support.telnyx.com 4404575',
  },
}

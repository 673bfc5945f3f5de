/** Bandwidth. */
import { inferred, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const bandwidthSip: PeerPolicy = {
  name: 'bandwidth-sip',
  title: 'Bandwidth',
  kind: 'service',
  about: 'TLS 1.2 with RSA certificates for the whole account; not for emergency calls.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'B1'),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'current',
      serverAuth: inferred('required', 'B1'),
      issuers: read({ kind: 'public' }, 'B1'),
      keyTypes: read(['rsa'], 'B1'),
      otherKeys: read('refused', 'B1'),
      tlsMin: read('TLSv1.2', 'B1'),
      tlsMax: read('TLSv1.2', 'B1'),
      suites: read(['AES128-SHA', 'AES128-SHA256', 'AES256-SHA256'], 'B1'),
      note: 'The page is an older copy without a date.',
    }),
  ],
  sources: {
    B1: 'support.bandwidth.com, TLS and SRTP',
  },
}

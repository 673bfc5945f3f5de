/** Five9 BYOC. */
import { inferred, period, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const five9Byoc: PeerPolicy = {
  name: 'five9-byoc',
  title: 'Five9 BYOC',
  kind: 'service',
  about: 'Mutual TLS with public certificates only.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'U4'),
  endpoints: [],
  revocation: unknown(),
  duties: ['SRTP with AES_CM_128_HMAC_SHA1_80 or _32.'],
  periods: [
    period({
      id: 'dec-2025',
      since: '2025-12-09',
      verifiesServer: reported('yes', 'U4'),
      clientCertificate: reported('required', 'U4'),
      issuers: reported({ kind: 'public' }, 'U4'),
      privateCa: reported('refused', 'U4'),
      tlsMin: reported('TLSv1.2', 'U4'),
      tlsMax: reported('TLSv1.2', 'U4'),
      showsClientCertificate: reported('yes', 'U4'),
      showsRoots: reported(['digicert-global-root-ca', 'digicert-global-root-g2'], 'U4'),
      note: 'Mutual and public only: once public CAs stop clientAuth, no certificate satisfies a check of the purpose.',
    }),
  ],
  sources: {
    U4: 'drachtio/drachtio-server #449 (Dec 2025), quotes Five9',
  },
}

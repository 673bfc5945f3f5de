/** Kamailio, tls module, as it is configured out of the box. */
import { inferred, noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const kamailioModule: PeerPolicy = {
  name: 'kamailio-module',
  title: 'Kamailio, tls module',
  kind: 'server',
  about: 'verify_certificate and require_certificate are off.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('no', 'KA1'),
      serverAuth: read('none', 'KA1'),
      clientCertificate: read('not-asked', 'KA1'),
      clientAuth: read('none', 'KA1'),
      issuers: read({ kind: 'own-list' }, 'KA1'),
      privateCa: read('accepted', 'KA1'),
      checksName: inferred('no', 'KA1'),
      showsClientCertificate: noted(read('no', 'KA1'), 'yes where the client domain has a certificate'),
    }),
  ],
  sources: {
    KA1: 'kamailio/kamailio, src/modules/tls/README',
  },
}

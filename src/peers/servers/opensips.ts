/** OpenSIPS, tls_mgm, as it is configured out of the box. */
import { inferred, noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const opensips: PeerPolicy = {
  name: 'opensips',
  title: 'OpenSIPS, tls_mgm',
  kind: 'server',
  about: 'verify_cert and require_cert are on: both ends are verified, with the purpose check of OpenSSL.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('yes', 'OS1'),
      serverAuth: inferred('required', 'OS1'),
      clientCertificate: read('required', 'OS1'),
      clientAuth: inferred('required', 'OS1'),
      issuers: read({ kind: 'own-list' }, 'OS1'),
      privateCa: read('accepted', 'OS1'),
      checksName: inferred('no', 'OS1'),
      showsClientCertificate: noted(read('yes', 'OS2'), 'always when asked: a client domain needs a certificate'),
    }),
  ],
  sources: {
    OS1: 'OpenSIPS/opensips, modules/tls_mgm/README',
    OS2: 'OpenSIPS/opensips #3798',
  },
}

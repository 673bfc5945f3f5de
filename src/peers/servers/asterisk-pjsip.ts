/** Asterisk, PJSIP, as it is configured out of the box. */
import { inferred, noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const asteriskPjsip: PeerPolicy = {
  name: 'asterisk-pjsip',
  title: 'Asterisk, PJSIP',
  kind: 'server',
  about: 'verify_server, verify_client and require_client_cert are off.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('no', 'AS1'),
      serverAuth: read('none', 'AS1'),
      clientCertificate: read('not-asked', 'AS1'),
      clientAuth: read('none', 'AS1'),
      issuers: read({ kind: 'own-list' }, 'AS1'),
      privateCa: read('accepted', 'AS1'),
      checksName: noted(read('no', 'AS1'), 'with verify_server on: yes, and wildcards need allow_wildcard_certs'),
      showsClientCertificate: read('yes', 'AS1'),
    }),
  ],
  sources: {
    AS1: 'Asterisk, res/res_pjsip/config_transport.c',
  },
}

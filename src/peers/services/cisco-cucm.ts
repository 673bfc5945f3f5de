/** Cisco Unified Communications Manager. */
import { inferred, period, read, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const ciscoCucm: PeerPolicy = {
  name: 'cisco-cucm',
  title: 'Cisco Unified Communications Manager',
  kind: 'service',
  about: 'SIP trunks with an encrypted security profile: mutual TLS by the lists of the administrator.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'C2'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The X.509 subject name of the security profile names our certificate.'],
  periods: [
    period({
      id: 'any-release',
      verifiesServer: read('yes', 'C2'),
      serverAuth: reported('required', 'C2', 'U2'),
      clientCertificate: reported('required', 'U2'),
      clientAuth: reported('required', 'C2', 'U2'),
      issuers: read({ kind: 'own-list' }, 'C2'),
      privateCa: read('accepted', 'C2'),
      checksName: inferred('yes', 'U2'),
      tlsMin: reported('TLSv1.2', 'U2'),
      showsClientCertificate: inferred('yes', 'C2'),
    }),
  ],
  sources: {
    C2: 'cisco.com field notice FN74345',
    U2: 'siprix/FlutterPluginFederated #103 (Aug 2026)',
  },
}

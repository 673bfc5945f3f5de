/** Cisco Expressway. */
import { inferred, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const ciscoExpressway: PeerPolicy = {
  name: 'cisco-expressway',
  title: 'Cisco Expressway',
  kind: 'service',
  about: 'Zones with mutual TLS: the peer checks both purposes by its own list of CAs.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us'], 'C1'),
  endpoints: [],
  revocation: unknown(),
  duties: [
    'X15.4 lets a certificate with serverAuth only be uploaded; X15.5 keeps a server and a client certificate apart.',
  ],
  periods: [
    period({
      id: 'any-release',
      verifiesServer: read('yes', 'C1'),
      serverAuth: read('required', 'C1'),
      clientCertificate: inferred('required', 'C1'),
      clientAuth: read('required', 'C1', 'C5'),
      issuers: read({ kind: 'own-list' }, 'C1'),
      privateCa: read('accepted', 'C1'),
      checksName: inferred('yes', 'C1'),
      showsClientCertificate: inferred('yes', 'C5'),
      note: 'Releases before X15.5 show one certificate in both roles; X15.5 and later show two.',
    }),
  ],
  sources: {
    C1: 'cisco.com field notice FN74362',
    C5: 'cisco.com 225693 (X15.5) and 225482',
  },
}

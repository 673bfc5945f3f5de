/** FreeSWITCH, Sofia, as it is configured out of the box. */
import { inferred, noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const freeswitch: PeerPolicy = {
  name: 'freeswitch',
  title: 'FreeSWITCH, Sofia',
  kind: 'server',
  about: 'tls-verify-policy is none.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('no', 'FS1'),
      serverAuth: read('none', 'FS1'),
      clientCertificate: read('not-asked', 'FS1'),
      clientAuth: read('none', 'FS1'),
      issuers: read({ kind: 'own-list' }, 'FS1'),
      privateCa: read('accepted', 'FS1'),
      checksName: noted(read('no', 'FS1'), 'only the subjects_ policies compare names, with tls-verify-in-subjects'),
      showsClientCertificate: read('yes', 'FS1'),
    }),
  ],
  sources: {
    FS1: 'FreeSWITCH profile settings and logs in public projects (2025)',
  },
}

/** Kamailio as Debian packages it, as it is configured out of the box. */
import { inferred, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const kamailioDebian: PeerPolicy = {
  name: 'kamailio-debian',
  title: 'Kamailio as Debian packages it',
  kind: 'server',
  about: 'tls.cfg of 5.6.3 verifies the server it dials, and asks no caller for a certificate.',
  checked: '2026-11-28',
  dials: inferred(['peer', 'us']),
  endpoints: [],
  revocation: unknown(),
  duties: [],
  periods: [
    period({
      id: 'defaults',
      verifiesServer: read('yes', 'KA1'),
      serverAuth: inferred('required', 'KA1'),
      clientCertificate: read('not-asked', 'KA1'),
      clientAuth: read('none', 'KA1'),
      issuers: read({ kind: 'own-list' }, 'KA1'),
      privateCa: read('accepted', 'KA1'),
      checksName: inferred('no', 'KA1'),
      tlsMin: read('TLSv1.2', 'KA1'),
      showsClientCertificate: read('no', 'KA1'),
    }),
  ],
  sources: {
    KA1: 'Debian, tls.cfg of kamailio 5.6.3',
  },
}

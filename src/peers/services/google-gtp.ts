/** Google Telephony Platform (Voice SIP Link, Dialogflow SIP trunk). */
import { noted, period, read, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const googleGtp: PeerPolicy = {
  name: 'google-gtp',
  title: 'Google Telephony Platform (Voice SIP Link, Dialogflow SIP trunk)',
  kind: 'service',
  about: 'Mutual TLS on TCP 5672 at regional hosts below telephony.goog; SIP Link is taken to share the rules.',
  checked: '2026-11-28',
  dials: read(['peer', 'us'], 'G1'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The expectedHostname of the trunk equals the FQDN of the SBC.'],
  periods: [
    period({
      id: 'current',
      verifiesServer: read('yes', 'G1', 'G2'),
      clientCertificate: read('required', 'G1'),
      issuers: read(
        { kind: 'authorities', authorities: ['digicert', 'entrust', 'globalsign', 'godaddy', 'sectigo'] },
        'G1',
      ),
      privateCa: read('refused', 'G1'),
      checksName: read('yes', 'G1', 'G2'),
      commonName: read('counts', 'G1'),
      wildcard: read('refused', 'G1'),
      registeredDomain: noted(read('required', 'G1', 'G2'), 'the expectedHostname of the trunk'),
      tlsMin: read('TLSv1.2', 'G1'),
      showsClientCertificate: read('yes', 'G1'),
      showsRoots: read(['gts-root-r1', 'globalsign-root-r1'], 'G1', 'G2'),
      note: 'The entry for Entrust is older than the distrust of Entrust.',
    }),
  ],
  sources: {
    G1: 'docs.cloud.google.com, Dialogflow CX, SBC configuration and validation',
    G2: 'cloud.google.com, Dialogflow projects.locations.sipTrunks, HostnameCertificateState (Oct 2026)',
  },
}

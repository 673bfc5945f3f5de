/** Skype for Business Server and Teams federation. */
import { period, read } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const sfbFederation: PeerPolicy = {
  name: 'sfb-federation',
  title: 'Skype for Business Server and Teams federation',
  kind: 'service',
  about: 'Both ends dial over mutual TLS on 5061, found by _sipfederationtls._tcp of the SIP domain.',
  checked: '2026-11-28',
  dials: read(['peer', 'us'], 'F1'),
  endpoints: [],
  revocation: read('crl', 'F1'),
  duties: ['The access edge fetches CRLs over TCP 80.'],
  periods: [
    period({
      id: 'any',
      verifiesServer: read('yes', 'F1'),
      serverAuth: read('required', 'F1'),
      clientCertificate: read('required', 'F1'),
      issuers: read({ kind: 'public' }, 'F1'),
      privateCa: read('refused', 'F1'),
      checksName: read('yes', 'F1'),
      showsClientCertificate: read('yes', 'F1'),
    }),
  ],
  sources: {
    F1: 'MicrosoftDocs/OfficeDocs-SkypeForBusiness, edge-environmental-requirements.md',
  },
}

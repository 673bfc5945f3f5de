/** Deutsche Telekom CompanyFlex (1TR119). */
import { inferred, period, reported, unknown } from '../fact.ts'
import type { PeerPolicy } from '../policy.ts'

export const telekomCompanyFlex: PeerPolicy = {
  name: 'telekom-companyflex',
  title: 'Deutsche Telekom CompanyFlex (1TR119)',
  kind: 'service',
  about: 'The PBX dials and registers: we are a TLS client only, without a certificate.',
  checked: '2026-11-28',
  dials: reported(['us'], 'DT1'),
  endpoints: [],
  revocation: unknown(),
  duties: ['The specification carries the root certificate, and changed it on 18 July 2019.'],
  periods: [
    period({
      id: 'current',
      clientCertificate: reported('not-asked', 'DT1'),
      clientAuth: reported('none', 'DT1'),
      shows: inferred(['serverAuth'], 'DT1'),
    }),
  ],
  sources: {
    DT1: 'copies of 1TR119 v1.4 and v1.9.0',
  },
}

/** Teams Direct Routing in the clouds of the US government. */
import { period, read, unknown } from '../fact.ts'
import type { PeerPolicy, Period } from '../policy.ts'
import { always, g2, teamsDirectRouting, tls12 } from './teams-direct-routing.ts'

const government = {
  issuers: read({ kind: 'roots', roots: ['digicert-global-root-ca', 'digicert-high-assurance-ev-root-ca'] }, 'T13'),
} satisfies Partial<Period>
const governmentRules = {
  ...always,
  ...tls12,
  ...government,
  clientAuth: unknown(),
} satisfies Partial<Period>

export const teamsGovernment: PeerPolicy = {
  ...teamsDirectRouting,
  name: 'teams-direct-routing-gcch-dod',
  title: 'Microsoft Teams Direct Routing, GCC High and DoD',
  about: 'The government clouds: the SBC listens on 5061 only. The text of 2024 accepts two DigiCert roots.',
  endpoints: ['sip.pstnhub.gov.teams.microsoft.us:5061', 'sip.pstnhub.dod.teams.microsoft.us:5061'],
  periods: [
    period({
      ...governmentRules,
      id: 'global-root-ca',
      until: '2024-04-30',
      showsRoots: read(['digicert-global-root-ca'], 'T12', 'T13'),
    }),
    period({
      ...governmentRules,
      id: 'g2',
      since: '2024-05-01',
      until: '2026-04-14',
      precision: 'month',
      showsRoots: read(g2, 'T12'),
    }),
    period({
      ...governmentRules,
      id: 'issuers-unknown',
      since: '2026-04-15',
      issuers: unknown(),
      showsRoots: read(g2, 'T12'),
      note: 'Browsers dropped both accepted roots on 15 April 2026; the list of today was not found.',
    }),
  ],
}

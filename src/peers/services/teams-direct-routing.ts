/** Microsoft Teams Direct Routing. Other services of Microsoft share its hosts and rules. */
import { inferred, noted, period, read, reported, unknown } from '../fact.ts'
import type { PeerPolicy, Period } from '../policy.ts'

const sources = {
  T1: 'MicrosoftDocs/OfficeDocs-SkypeForBusiness, Teams/direct-routing-whats-new.md (2022)',
  T2: 'MicrosoftDocs/azure-docs, communication-services/concepts/telephony/direct-routing-infrastructure.md (2021)',
  T3: 'public rule set for Direct Routing, checked 9 June 2026; cites "What\'s new" of Microsoft, 2025-12-12',
  T6: 'egroup-us.com, Teams Direct Routing SBC certificate support change (2023)',
  T7: 'maxime.hiez.ca, Teams certificate changes for Direct Routing (15 Dec 2025); spanvox.com (June 2026)',
  T8: 'egroup-us.com, mTLS on AudioCodes (2026)',
  T11: 'learn.microsoft.com, Azure Communication Services, voice-routing-sdk-config',
  T12: "Microsoft, What's new for Direct Routing (Sept 2024)",
  T13: 'MicrosoftDocs/OfficeDocs-SkypeForBusiness, Teams/direct-routing-plan.md (2020/21)',
  T14: 'the same page, later revision (serverAuth and clientAuth in the EKU)',
  U1: 'siphon-project/siphon-sip, pull request #39 (July 2026)',
} as const

const suites = [
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA256',
] as const

const sevenRoots = [
  'digicert-global-root-ca',
  'digicert-global-root-g2',
  'digicert-global-root-g3',
  'digicert-tls-ecc-p384-root-g5',
  'digicert-tls-rsa4096-root-g5',
  'microsoft-ecc-root-2017',
  'microsoft-rsa-root-2017',
] as const

export const g2 = ['digicert-global-root-g2'] as const
const bothPurposes = ['serverAuth', 'clientAuth'] as const

export const always = {
  verifiesServer: read('yes', 'T2'),
  clientCertificate: reported('required', 'U1'),
  privateCa: read('refused', 'T1', 'T2'),
  checksName: read('yes', 'T2'),
  commonName: read('counts', 'T2'),
  wildcard: read('one-label', 'T2'),
  refusedSuffixes: read(['onmicrosoft.com'], 'T2'),
  registeredDomain: read('required', 'T2'),
  showsClientCertificate: reported('yes', 'T8'),
} satisfies Partial<Period>

const microsoftStore = { issuers: read({ kind: 'store', store: 'microsoft' }, 'T1', 'T2') } satisfies Partial<Period>
export const tls12 = {
  ...microsoftStore,
  tlsMin: read('TLSv1.2', 'T1'),
  suites: read(suites, 'T1'),
  keyTypes: noted(inferred(['rsa'], 'T1'), 'every suite that Microsoft lists signs with RSA; ECDSA is not listed'),
  serverAuth: read('required', 'T1', 'T2'),
} satisfies Partial<Period>
const clarified = {
  ...tls12,
  clientAuth: noted(
    reported('accepted', 'T3'),
    'certificates without clientAuth are accepted for the foreseeable future; Microsoft may demand clientAuth again',
  ),
} satisfies Partial<Period>

const periods: readonly Period[] = [
  period({
    ...always,
    id: 'closed-list',
    until: '2022-01-31',
    issuers: read(
      {
        kind: 'authorities',
        authorities: ['digicert', 'entrust', 'globalsign', 'godaddy', 'sectigo', 'sslcom', 'swisssign', 'buypass'],
      },
      'T13',
    ),
    showsRoots: reported(['baltimore-cybertrust-root'], 'T6'),
    note: 'The closed list of issuers names brands, several of which have been sold or closed.',
  }),
  period({
    ...always,
    ...microsoftStore,
    id: 'ms-root-program',
    since: '2022-02-01',
    until: '2022-04-02',
    serverAuth: read('required', 'T1', 'T2'),
    clientAuth: inferred('accepted', 'T1'),
    showsRoots: reported(['baltimore-cybertrust-root'], 'T6'),
  }),
  period({
    ...always,
    ...tls12,
    id: 'tls12',
    since: '2022-04-03',
    until: '2023-10-02',
    clientAuth: inferred('accepted', 'T1'),
    showsRoots: reported(['baltimore-cybertrust-root'], 'T6'),
  }),
  period({
    ...always,
    ...tls12,
    id: 'g2',
    since: '2023-10-03',
    until: '2024-03-18',
    clientAuth: inferred('accepted', 'T1'),
    shows: reported(bothPurposes, 'T7'),
    showsRoots: read(g2, 'T12'),
  }),
  period({
    ...always,
    ...tls12,
    id: 'both-ekus',
    since: '2024-03-19',
    until: '2025-12-11',
    clientAuth: read('required', 'T12', 'T14'),
    shows: reported(bothPurposes, 'T7'),
    showsRoots: read(g2, 'T12'),
    note: 'The end of this demand is not dated; the clarification of 12 Dec 2025 says it is not enforced.',
  }),
  period({
    ...always,
    ...clarified,
    id: 'clarified',
    since: '2025-12-12',
    until: '2026-03-31',
    shows: reported(bothPurposes, 'T7'),
    showsRoots: read(g2, 'T12'),
  }),
  period({
    ...always,
    ...clarified,
    id: 'rotating',
    since: '2026-04-01',
    until: '2026-06-30',
    precision: 'month',
    shows: reported('either', 'T3', 'T7'),
    showsRoots: reported(sevenRoots, 'T3', 'T7'),
  }),
  period({
    ...always,
    ...clarified,
    id: 'server-only',
    since: '2026-07-01',
    shows: reported(['serverAuth'], 'T3', 'T7'),
    showsRoots: reported(sevenRoots, 'T3', 'T7'),
    note: 'Microsoft may demand clientAuth again.',
  }),
]

export const teamsDirectRouting: PeerPolicy = {
  name: 'teams-direct-routing',
  title: 'Microsoft Teams Direct Routing',
  kind: 'service',
  about: 'Both ends dial over mutual TLS; Microsoft listens on 5061.',
  checked: '2026-11-28',
  dials: read(['peer', 'us'], 'T1'),
  endpoints: ['sip.pstnhub.microsoft.com:5061', 'sip2.pstnhub.microsoft.com:5061', 'sip3.pstnhub.microsoft.com:5061'],
  revocation: unknown(),
  duties: [
    'The SBC sends OPTIONS first, about once a minute; without OPTIONS for 5 minutes the trunk is demoted.',
    'After a renewal, connections that are open keep the old certificate until they are closed.',
    'sip.g1.pstnhub.microsoft.com:5061 tests the chain since 16 Feb 2026.',
  ],
  periods,
  sources,
}

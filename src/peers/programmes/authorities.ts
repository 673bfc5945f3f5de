/** The public CAs: how to know them by the names they sign with, and when each stops writing clientAuth. */
import type { Mark } from '../policy.ts'

export interface PublicAuthority {
  readonly id: string
  readonly title: string
  /** Beginnings of the O attribute in names of its CAs, lower case. */
  readonly organizations: readonly string[]
  /** First day on which clientAuth is no longer in a certificate unless asked for. Absent: not known. */
  readonly defaultOff?: string
  /** Last day on which a certificate with clientAuth can be bought. Absent: not known. */
  readonly lastIssue?: string
  /** The source says a week, not a day: the dates are its first days. */
  readonly precision?: 'week'
  /** The longest lifetime the CA sells, where that is shorter than the rules allow. */
  readonly maxDays?: number
  readonly mark: Mark
  readonly source: readonly string[]
}

export const publicAuthorities: readonly PublicAuthority[] = [
  {
    id: 'digicert',
    title: 'DigiCert',
    organizations: ['digicert', 'geotrust', 'thawte', 'rapidssl', 'cybertrust, inc', 'baltimore'],
    defaultOff: '2025-10-01',
    lastIssue: '2027-02-28',
    mark: 'V',
    source: ['knowledge.digicert.com ALERT53 (3 Mar 2026)'],
  },
  {
    id: 'sectigo',
    title: 'Sectigo',
    organizations: ['sectigo', 'comodo', 'the usertrust network', 'addtrust', 'zerossl'],
    defaultOff: '2025-10-14',
    lastIssue: '2027-02-09',
    mark: 'G',
    source: [
      'sources that cite Sectigo (2026), for the first day 7 or 14 Oct 2025; the FAQ of Sectigo of 2025 said ' +
        '15 Sept 2025 and 15 May 2026',
    ],
  },
  {
    id: 'letsencrypt',
    title: "Let's Encrypt",
    organizations: ["let's encrypt", 'internet security research group', 'isrg'],
    defaultOff: '2026-02-11',
    lastIssue: '2026-07-07',
    maxDays: 90,
    mark: 'G',
    source: ['three sources of 2026 and the manual of jambonz'],
  },
  {
    id: 'google-ts',
    title: 'Google Trust Services',
    organizations: ['google trust services'],
    defaultOff: '2025-11-10',
    lastIssue: '2026-04-12',
    precision: 'week',
    mark: 'V',
    source: ['pki.goog and developers.google.com, clientAuth notice (May 2025)'],
  },
  {
    id: 'godaddy',
    title: 'GoDaddy and Starfield',
    organizations: ['godaddy', 'starfield technologies', 'the go daddy group'],
    lastIssue: '2026-06-14',
    mark: 'V',
    source: ['godaddy.com help 42783, for DV certificates'],
  },
  {
    id: 'sslcom',
    title: 'SSL.com',
    organizations: ['ssl corp', 'ssl.com'],
    lastIssue: '2025-09-14',
    mark: 'V',
    source: ['blog of SSL.com'],
  },
  {
    id: 'certum',
    title: 'Certum',
    organizations: ['asseco data systems', 'unizeto', 'certum'],
    lastIssue: '2026-05-14',
    mark: 'V',
    source: ['support.certum.eu (21 Oct 2025)'],
  },
  { id: 'amazon', title: 'Amazon', organizations: ['amazon'], mark: '?', source: [] },
  { id: 'globalsign', title: 'GlobalSign', organizations: ['globalsign'], mark: '?', source: [] },
  {
    id: 'identrust',
    title: 'IdenTrust',
    organizations: ['identrust', 'digital signature trust'],
    mark: '?',
    source: [],
  },
  { id: 'entrust', title: 'Entrust', organizations: ['entrust', 'affirmtrust'], mark: '?', source: [] },
  { id: 'harica', title: 'HARICA', organizations: ['hellenic academic'], mark: '?', source: [] },
  { id: 'actalis', title: 'Actalis', organizations: ['actalis'], mark: '?', source: [] },
  { id: 'buypass', title: 'Buypass', organizations: ['buypass'], mark: '?', source: [] },
  { id: 'swisssign', title: 'SwissSign', organizations: ['swisssign'], mark: '?', source: [] },
  { id: 'microsoft', title: 'Microsoft', organizations: ['microsoft'], mark: '?', source: [] },
]

/** Chrome: no leaf issued from the day after may carry clientAuth, whatever CA of its store issues it. */
export const lastIssueOfAnyCa = '2027-03-14'

/** The longest lifetime of a public TLS certificate, by the day it was issued (ballot SC-081v3). */
export const publicLifetimes: readonly { readonly from: string; readonly days: number }[] = [
  { from: '2020-09-01', days: 398 },
  { from: '2026-03-15', days: 200 },
  { from: '2027-03-15', days: 100 },
  { from: '2029-03-15', days: 47 },
]

/** Absent: issued before there was a limit of 398 days. */
export function longestLifetime(issued: string): number | undefined {
  return publicLifetimes.findLast(({ from }) => from <= issued)?.days
}

/** Whose O attribute it is. */
export function authorityNamed(organization: string): PublicAuthority | undefined {
  const wanted = organization.toLowerCase().replaceAll('’', "'")
  return publicAuthorities.find(({ organizations }) =>
    organizations.some((own) => wanted.startsWith(own) || wanted.includes(`${own} `)),
  )
}

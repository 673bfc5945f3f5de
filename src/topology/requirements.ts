/**
 * Who needs a certificate, and what it must say: one table by profile and role. The planner prints it, the roles
 * enforce it, the tests walk it cell by cell.
 */
import type { Authority, CertificateReference, Purpose } from '../certificates/certificate-request.ts'
import { findPeers } from '../peers/index.ts'
import { playedRules } from '../peers/played.ts'
import type { Role } from './plan-types.ts'
import type { ProfileName } from './profile.ts'

/** `where-servers-talk`: only when the organisation has a second SIP server, or a route over TLS, to talk to. */
type Need = 'always' | 'where-servers-talk' | 'never'

/**
 * A name by where it comes from: `own` FQDN, `home` the pool FQDN (of a Standard Edition its own), `members` the front
 * ends of the pool, `external` the external FQDN, `domains` the SIP domains, `sip-domains` `sip.` before each of them.
 */
export type NameSource = 'own' | 'home' | 'members' | 'external' | 'domains' | 'sip-domains'

/** One cell of the table: a certificate of one role under one profile. */
export interface Requirement {
  readonly profile: ProfileName
  readonly role: Role
  /** References this one certificate is assigned to at first. Empty: the role never has one. */
  readonly references: readonly CertificateReference[]
  readonly need: Need
  readonly authority: Authority
  readonly subject: NameSource
  readonly dnsNames: readonly NameSource[]
  /** SIP domains that the SAN holds as `URI:sip:…` (RFC 5922 §7.1). */
  readonly uriNames: readonly NameSource[]
  /** Without one of these the certificate breaks the rules of the profile. */
  readonly requiredPurposes: readonly Purpose[]
  /** The lab asks for these too: its verifiers check the purpose of a client certificate, as few of the time did. */
  readonly advisedPurposes: readonly Purpose[]
  readonly why: string
}

const serverTalk: readonly CertificateReference[] = ['listener', 'default-outgoing']

interface Row
  extends Omit<Requirement, 'profile' | 'role' | 'authority' | 'uriNames' | 'requiredPurposes' | 'advisedPurposes'> {
  readonly authority?: Authority
  readonly uriNames?: readonly NameSource[]
  readonly requiredPurposes?: readonly Purpose[]
  readonly advisedPurposes?: readonly Purpose[]
}

const none: Row = {
  references: [],
  need: 'never',
  subject: 'own',
  dnsNames: [],
  why: 'It ends no TLS connection of SIP.',
}

/** Roles that never present a SIP certificate, whatever the profile. */
const silent: Readonly<Partial<Record<Role, readonly Row[]>>> = {
  'load-balancer': [{ ...none, why: 'It passes connections through; TLS ends on the front end.' }],
  sql: [{ ...none, why: 'The database has its own encryption, independent of SIP.' }],
  dns: [none],
  pki: [{ ...none, why: 'CRLs and issuer certificates need no TLS, because they are signed.' }],
}

const bothPurposes: readonly Purpose[] = ['serverAuth', 'clientAuth']

const table: Readonly<Record<ProfileName, Readonly<Partial<Record<Role, readonly Row[]>>>>> = {
  lcs2005: {
    ...silent,
    'standard-edition': [
      {
        references: serverTalk,
        need: 'where-servers-talk',
        subject: 'own',
        dnsNames: ['own'],
        why: 'A certificate is needed only where two SIP servers talk.',
      },
    ],
    'front-end': [
      {
        references: serverTalk,
        need: 'where-servers-talk',
        subject: 'home',
        dnsNames: ['home', 'own'],
        why: 'Front ends of a pool, and other servers, reach each other only over mutual TLS.',
      },
    ],
    director: [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        why: 'It dials the pool and accepts the access proxy over mutual TLS.',
      },
    ],
    'access-proxy': [
      {
        references: ['edge-internal'],
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        why: 'Its internal face shows this certificate to the next hop.',
      },
      {
        references: ['edge-external'],
        need: 'always',
        authority: 'public',
        subject: 'external',
        dnsNames: ['external', 'domains', 'sip-domains'],
        requiredPurposes: bothPurposes,
        advisedPurposes: [],
        why: 'Remote users and partners see only this certificate, the only one from a public CA.',
      },
    ],
    gateway: [
      {
        references: serverTalk,
        need: 'always',
        authority: 'public',
        subject: 'own',
        dnsNames: ['own'],
        why: 'A voice service shows a public certificate on both directions of the trunk.',
      },
    ],
  },
  ocs2007: {
    ...silent,
    'standard-edition': [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own', 'sip-domains'],
        why: 'Every role has a certificate, even one server alone.',
      },
    ],
    'front-end': [
      {
        references: serverTalk,
        need: 'always',
        subject: 'home',
        dnsNames: ['home', 'members', 'sip-domains'],
        why: 'Every role has a certificate; all front ends of a pool may share one.',
      },
    ],
    director: [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own', 'sip-domains'],
        why: 'Every role has a certificate.',
      },
    ],
    'access-proxy': [
      {
        references: ['edge-internal'],
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        why: 'Its internal face shows this certificate to the next hop.',
      },
      {
        references: ['edge-external'],
        need: 'always',
        authority: 'public',
        subject: 'external',
        dnsNames: ['external', 'domains', 'sip-domains'],
        why: 'Found through SRV, it must show `sip.` before the domain; from a public authority.',
      },
    ],
    gateway: [
      {
        references: serverTalk,
        need: 'always',
        authority: 'public',
        subject: 'own',
        dnsNames: ['own'],
        why: 'A voice service shows a public certificate on both directions of the trunk.',
      },
    ],
  },
  modern: {
    ...silent,
    'standard-edition': [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        uriNames: ['domains'],
        why: 'SIP runs over TLS only; the SIP domain is in the SAN (RFC 5922 §7.1).',
      },
    ],
    'front-end': [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own', 'home'],
        uriNames: ['domains'],
        why: 'SIP runs over TLS only; own name, pool name and SIP domain are in the SAN.',
      },
    ],
    director: [
      {
        references: serverTalk,
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        uriNames: ['domains'],
        why: 'SIP runs over TLS only.',
      },
    ],
    'access-proxy': [
      {
        references: ['edge-internal'],
        need: 'always',
        subject: 'own',
        dnsNames: ['own'],
        why: 'Its internal face shows this certificate to the next hop.',
      },
      {
        references: ['edge-external'],
        need: 'always',
        authority: 'public',
        subject: 'external',
        dnsNames: ['external', 'domains', 'sip-domains'],
        uriNames: ['domains'],
        requiredPurposes: bothPurposes,
        advisedPurposes: [],
        why: 'Partners look for the SIP domain or the configured name; server and client on the same link.',
      },
    ],
    gateway: [
      {
        references: serverTalk,
        need: 'always',
        authority: 'public',
        subject: 'own',
        dnsNames: ['own'],
        why: 'A voice service shows a public certificate on both directions of the trunk.',
      },
    ],
  },
}

/** The whole table as one list, in the order of profiles and roles. */
export const requirements: readonly Requirement[] = Object.entries(table).flatMap(([profile, roles]) =>
  Object.entries(roles).flatMap(([role, rows]) =>
    rows.map((row) => ({
      authority: 'internal' as const,
      uriNames: [],
      requiredPurposes: ['serverAuth'] as const,
      advisedPurposes: ['clientAuth'] as const,
      ...row,
      profile: profile as ProfileName,
      role: role as Role,
    })),
  ),
)

export interface Situation {
  readonly profile: ProfileName
  readonly role: Role
  /** True when the organisation has a second SIP server, or this one a static route over TLS. */
  readonly serversTalk: boolean
  readonly peerPolicy: PeerPolicyName
}

/** The certificates a host must have: none, one, or two for an access proxy. */
export function requiredCertificates({ profile, role, serversTalk, peerPolicy }: Situation): readonly Requirement[] {
  return requirements
    .filter((row) => row.profile === profile && row.role === role)
    .filter(({ need }) => need === 'always' || (need === 'where-servers-talk' && serversTalk))
    .map((row) => withPeerPolicy(row, peerPolicy))
}

/** What to write into the EKU: what the rules want and what the lab advises. */
export function purposesToIssue(row: Requirement): readonly Purpose[] {
  return [...row.requiredPurposes, ...row.advisedPurposes]
}

/** The row as public authorities sell it under a policy. */
export function withPeerPolicy(row: Requirement, name: PeerPolicyName): Requirement {
  const { publicClientAuth } = peerPolicies[name]
  if (publicClientAuth === 'issued' || row.authority !== 'public') return row
  const keep = (purposes: readonly Purpose[]) => purposes.filter((purpose) => purpose !== 'clientAuth')
  return { ...row, requiredPurposes: keep(row.requiredPurposes), advisedPurposes: keep(row.advisedPurposes) }
}

export type PeerPolicyName = 'none' | 'public-2026' | 'cloud-2021' | 'cloud-2024-03' | 'cloud-2026'

/** What the world outside asks for, and what its authorities still sell, from a date on. */
export interface PeerPolicy {
  readonly name: PeerPolicyName
  /** In force from, ISO date. Absent: always. */
  readonly from?: string
  /** Whether a public authority still writes clientAuth. */
  readonly publicClientAuth: 'issued' | 'not-issued'
  /** EKU such a peer wants of the certificate we show it when we dial. */
  readonly wantsOfDialler: readonly Purpose[]
  /** EKU of the certificate it shows itself. */
  readonly shows: readonly Purpose[]
  readonly commonName: 'allowed' | 'ignored'
  readonly wildcards: 'refused' | 'one-label'
  readonly tlsMin: 'TLSv1.2' | 'TLSv1.3'
  /** Where sources disagree, said here. */
  readonly disputed?: string
  readonly about: string
}

const plain = { commonName: 'allowed', wildcards: 'refused', tlsMin: 'TLSv1.2' } as const

export const peerPolicies: Readonly<Record<PeerPolicyName, PeerPolicy>> = {
  none: {
    ...plain,
    name: 'none',
    publicClientAuth: 'issued',
    wantsOfDialler: bothPurposes,
    shows: bothPurposes,
    about: 'Public CAs issue serverAuth and clientAuth, and peers require both.',
  },
  'public-2026': {
    ...plain,
    name: 'public-2026',
    from: '2026-06-15',
    publicClientAuth: 'not-issued',
    wantsOfDialler: bothPurposes,
    shows: ['serverAuth'],
    about:
      'Public authorities no longer write clientAuth: what dials out with a public certificate is refused by a ' +
      'peer that checks purpose.',
  },
  'cloud-2021': cloudOn('cloud-2021', '2022-04-03', {
    publicClientAuth: 'issued',
    about: 'Cloud voice: FQDN in CN or SAN, wildcard for one label, TLS 1.2.',
  }),
  'cloud-2024-03': cloudOn('cloud-2024-03', '2024-03-19', {
    publicClientAuth: 'issued',
    about: 'Cloud voice after March 2024: serverAuth and clientAuth demanded of every trunk certificate.',
  }),
  'cloud-2026': cloudOn('cloud-2026', '2026-07-01', {
    publicClientAuth: 'not-issued',
    disputed: 'Sources disagree whether a trunk certificate still needs clientAuth; the milder reading counts here.',
    about: 'Cloud voice in 2026: its own certificates carry serverAuth only, under new roots.',
  }),
}

/**
 * Names, purposes and versions of Teams Direct Routing on a day, from the file of that peer. Its keys, suites and
 * issuers are left out: a gateway with `peer` and `on` plays those as well.
 */
function cloudOn(
  name: PeerPolicyName,
  on: string,
  more: Pick<PeerPolicy, 'publicClientAuth' | 'about'> & { readonly disputed?: string },
): PeerPolicy {
  const [teams] = findPeers('teams-direct-routing')
  const rules = teams === undefined ? undefined : playedRules(teams, on)
  if (rules === undefined) throw new Error(`no rules of teams-direct-routing are on file for ${on}`)
  const { wantsServerAuth, wantsClientAuth, shows, commonName, wildcards, tlsMin = 'TLSv1.2' } = rules
  const wantsOfDialler = bothPurposes.filter((purpose) =>
    purpose === 'serverAuth' ? wantsServerAuth : wantsClientAuth,
  )
  return { name, from: on, wantsOfDialler, shows, commonName, wildcards, tlsMin, ...more }
}

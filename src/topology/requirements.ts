/**
 * Who needs a certificate, and what it must say: one table by profile and role. The planner prints it, the roles
 * enforce it, the tests walk it cell by cell.
 */
import type { Authority, CertificateReference, Purpose } from '../certificates/certificate-request.ts'
import { bothPurposes, type PeerPolicyName, peerPolicies } from './peer-policy.ts'
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

const trunk: Row = {
  references: serverTalk,
  need: 'always',
  authority: 'public',
  subject: 'own',
  dnsNames: ['own'],
  why: 'A voice service shows a public certificate on both directions of the trunk.',
}

const internalFace: Row = {
  references: ['edge-internal'],
  need: 'always',
  subject: 'own',
  dnsNames: ['own'],
  why: 'Its internal face shows this certificate to the next hop.',
}

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
      internalFace,
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
    gateway: [trunk],
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
      internalFace,
      {
        references: ['edge-external'],
        need: 'always',
        authority: 'public',
        subject: 'external',
        dnsNames: ['external', 'domains', 'sip-domains'],
        why: 'Found through SRV, it must show `sip.` before the domain; from a public authority.',
      },
    ],
    gateway: [trunk],
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
      internalFace,
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
    gateway: [trunk],
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

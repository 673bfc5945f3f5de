/** What voice services and public authorities ask for and sell, from a date on: the values of `peerPolicy` of a lab. */
import type { Purpose } from '../certificates/certificate-request.ts'
import { findPeers } from '../peers/index.ts'
import { playedRules } from '../peers/played.ts'

export const bothPurposes: readonly Purpose[] = ['serverAuth', 'clientAuth']

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
    about: 'Public authorities write serverAuth and clientAuth, and peers ask for both.',
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

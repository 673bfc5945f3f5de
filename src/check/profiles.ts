/**
 * Whose eyes a check looks through: where that client looks for its server, in which order, and what it demands of a
 * certificate.
 */
import type { ProfileName } from '../certificates/examine/profiles.ts'

export type CheckProfileName = 'communicator' | 'mobile' | 'rfc3263' | 'federation-peer' | 'sbc'

/** One question to the DNS; `{}` stands for the domain. */
export type Lookup =
  | { readonly kind: 'srv'; readonly name: string; readonly transport: 'tls' | 'tcp' }
  | { readonly kind: 'a'; readonly name: string; readonly port: number; readonly transport: 'tls' | 'tcp' }
  /** NAPTR, then SRV, then addresses. */
  | { readonly kind: 'rfc3263' }

export interface CheckProfile {
  readonly name: CheckProfileName
  readonly about: string
  readonly lookups: readonly Lookup[]
  /**
   * `strict`: an SRV target is a host directly in the domain (topology-facts §3.1; federation: §3.2). `any`: wherever
   * it leads.
   */
  readonly naming: 'strict' | 'any'
  /** Only the first SRV name that exists counts, whatever becomes of it. */
  readonly firstSrvOnly: boolean
  /** The certificate must carry the host that was dialled, or the domain that was asked for (RFC 5922 §7.2). */
  readonly wantedName: 'dialled' | 'domain'
  readonly examiner: ProfileName
  /** `server`: it proves itself with a certificate when asked. `client`: it never has one. */
  readonly speaksAs: 'client' | 'server'
}

const profiles: Readonly<Record<CheckProfileName, CheckProfile>> = {
  communicator: {
    name: 'communicator',
    about: 'Office Communicator: automatic configuration, no certificate of its own',
    lookups: [
      { kind: 'srv', name: '_sipinternaltls._tcp.{}', transport: 'tls' },
      { kind: 'srv', name: '_sipinternal._tcp.{}', transport: 'tcp' },
      { kind: 'srv', name: '_sip._tls.{}', transport: 'tls' },
      { kind: 'srv', name: '_sip._tcp.{}', transport: 'tcp' },
      { kind: 'a', name: 'sipinternal.{}', port: 5061, transport: 'tls' },
      { kind: 'a', name: 'sip.{}', port: 5061, transport: 'tls' },
      { kind: 'a', name: 'sip.{}', port: 443, transport: 'tls' },
      { kind: 'a', name: 'sipexternal.{}', port: 443, transport: 'tls' },
      { kind: 'a', name: '{}', port: 5061, transport: 'tls' },
    ],
    naming: 'strict',
    firstSrvOnly: true,
    wantedName: 'dialled',
    // The CN counts where there is no SAN, wildcards stand for one label: measured against the real client.
    examiner: 'node',
    speaksAs: 'client',
  },
  mobile: {
    name: 'mobile',
    about: 'Communicator Mobile: a remote client, always outside',
    lookups: [
      { kind: 'srv', name: '_sip._tls.{}', transport: 'tls' },
      { kind: 'a', name: 'sip.{}', port: 443, transport: 'tls' },
      { kind: 'a', name: 'sipexternal.{}', port: 443, transport: 'tls' },
      { kind: 'a', name: '{}', port: 443, transport: 'tls' },
    ],
    naming: 'strict',
    firstSrvOnly: true,
    wantedName: 'dialled',
    examiner: 'ocs2007',
    speaksAs: 'client',
  },
  rfc3263: {
    name: 'rfc3263',
    about: 'a standard SIP user agent: RFC 3263 discovery, RFC 5922 names',
    lookups: [{ kind: 'rfc3263' }],
    naming: 'any',
    firstSrvOnly: true,
    wantedName: 'domain',
    examiner: 'modern',
    speaksAs: 'client',
  },
  'federation-peer': {
    name: 'federation-peer',
    about: "a partner's access proxy: enhanced federation over mutual TLS",
    lookups: [{ kind: 'srv', name: '_sipfederationtls._tcp.{}', transport: 'tls' }],
    naming: 'strict',
    firstSrvOnly: true,
    wantedName: 'dialled',
    examiner: 'ocs2007',
    speaksAs: 'server',
  },
  sbc: {
    name: 'sbc',
    about: 'a session border controller or cloud trunk: fixed names in order, mutual TLS on 5061, OPTIONS for liveness',
    lookups: [
      { kind: 'a', name: 'sip.{}', port: 5061, transport: 'tls' },
      { kind: 'a', name: 'sip2.{}', port: 5061, transport: 'tls' },
      { kind: 'a', name: 'sip3.{}', port: 5061, transport: 'tls' },
      { kind: 'a', name: '{}', port: 5061, transport: 'tls' },
    ],
    naming: 'any',
    firstSrvOnly: false,
    wantedName: 'dialled',
    examiner: 'node',
    speaksAs: 'server',
  },
}

export const checkProfileNames = Object.keys(profiles) as readonly CheckProfileName[]

export function checkProfile(name: CheckProfileName): CheckProfile {
  return profiles[name]
}

/**
 * The relation of an access proxy to another organisation, in the order of topology-facts §5.2: blocked, direct
 * partner, IM provider, enhanced federation by DNS, default route, none.
 */
import { orderSrv, plainName } from '../sip/transport/dial/locate.ts'
import type { Resolver } from '../sip/transport/dial/resolver.ts'
import type { FederationSettings } from '../topology/hosts.ts'

export type Verification = 'AlwaysVerifiable' | 'AlwaysUnverifiable' | 'UseSourceVerification'

export interface EdgeAddress {
  /** Lower case. */
  readonly host: string
  readonly port: number
}

/**
 * How a domain is reached and how its messages are taken; `source` is `ms-source-type`; `edges` is in the order in
 * which they are tried.
 */
export type Relation =
  | {
      readonly kind: 'federated'
      readonly source: 'DirectPartner' | 'AuthorizedServer' | 'AutoFed' | 'ClearingHouse'
      readonly edges: readonly [EdgeAddress, ...EdgeAddress[]]
      readonly verification: Verification
    }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'closed' }
  /** `_sipfederationtls._tcp` does not exist. */
  | { readonly kind: 'no-srv' }
  /** SRV targets that lie outside the domain: the rule of enhanced federation (topology-facts §3.2). */
  | { readonly kind: 'srv-outside'; readonly targets: readonly string[] }
  | { readonly kind: 'dns-down'; readonly cause: string }

export interface Federation {
  relationTo(domain: string): Relation | Promise<Relation>
}

export const federationPort = 5061

/** @param random from 0 to below 1, for SRV weights */
export function federation(settings: FederationSettings, resolver: Resolver, random: () => number): Federation {
  const blocked = new Set(settings.blockedDomains)
  const allowed = new Set(settings.allowedDomains)
  return {
    relationTo(domain) {
      // A `tel` URI names no domain: no edge speaks for it.
      if (!settings.enabled || domain === '') return { kind: 'closed' }
      if (blocked.has(domain)) return { kind: 'blocked' }
      return (
        listed(settings, domain) ??
        (settings.automatic && (allowed.size === 0 || allowed.has(domain))
          ? bySrv(domain, resolver, random)
          : otherwise(settings))
      )
    },
  }
}

function listed({ partners, providers }: FederationSettings, domain: string): Relation | undefined {
  const partner = partners.find((each) => each.domain === domain)
  if (partner !== undefined)
    return {
      kind: 'federated',
      source: 'DirectPartner',
      edges: [configured(partner.edge)],
      verification: partner.verification,
    }
  const provider = providers.find(({ enabled, domains }) => enabled && domains.includes(domain))
  return (
    provider && {
      kind: 'federated',
      source: 'AuthorizedServer',
      edges: [configured(provider.edge)],
      verification: provider.verification,
    }
  )
}

function otherwise({ defaultRoute }: FederationSettings): Relation {
  if (defaultRoute === undefined) return { kind: 'closed' }
  return {
    kind: 'federated',
    source: 'ClearingHouse',
    edges: [configured(defaultRoute)],
    verification: 'UseSourceVerification',
  }
}

function configured(host: string): EdgeAddress {
  return { host: host.toLowerCase(), port: federationPort }
}

/**
 * The target must be a host directly in the domain: `sip.partner.test` for `partner.test`, nothing below or beside it.
 * Lowest priority first, by weight among equals (RFC 2782); the others are tried when it is out (RFC 3263 §4.3).
 */
async function bySrv(domain: string, resolver: Resolver, random: () => number): Promise<Relation> {
  try {
    const records = await resolver.srv(`_sipfederationtls._tcp.${domain}`)
    const ordered = orderSrv(records, random)
    if (ordered.length === 0) return { kind: 'no-srv' }
    const [first, ...others] = ordered
      .filter(({ target }) => isDirectlyIn(target, domain))
      .map(({ target, port }): EdgeAddress => ({ host: plainName(target), port }))
    if (first === undefined) return { kind: 'srv-outside', targets: ordered.map(({ target }) => target) }
    return { kind: 'federated', source: 'AutoFed', edges: [first, ...others], verification: 'UseSourceVerification' }
  } catch (error) {
    return { kind: 'dns-down', cause: error instanceof Error ? error.message : String(error) }
  }
}

export function isDirectlyIn(host: string, domain: string): boolean {
  const [first, ...rest] = plainName(host).split('.')
  return first !== undefined && first !== '' && rest.join('.') === domain
}

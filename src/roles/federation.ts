/**
 * Who other organisations are to an access proxy, in the order of topology-facts §5.2: blocked, direct partner, IM provider,
 * enhanced federation by DNS, default route, nobody.
 */
import type { Resolver } from '../sip/transport/resolver.ts'
import type { FederationSettings } from '../topology/hosts.ts'

export type Verification = 'AlwaysVerifiable' | 'AlwaysUnverifiable' | 'UseSourceVerification'

/** How a domain is reached and how its messages are taken; `source` is `ms-source-type`. */
export type Relation =
  | { readonly kind: 'federated'; readonly source: 'DirectPartner' | 'AuthorizedServer' | 'AutoFed' | 'ClearingHouse'; readonly edge: string; readonly port: number; readonly verification: Verification }
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

export function federation(settings: FederationSettings, resolver: Resolver): Federation {
  const blocked = new Set(settings.blockedDomains)
  const allowed = new Set(settings.allowedDomains)
  return {
    relationTo(domain) {
      if (!settings.enabled) return { kind: 'closed' }
      if (blocked.has(domain)) return { kind: 'blocked' }
      return listed(settings, domain) ?? (settings.automatic && (allowed.size === 0 || allowed.has(domain)) ? bySrv(domain, resolver) : otherwise(settings))
    },
  }
}

function listed({ partners, providers }: FederationSettings, domain: string): Relation | undefined {
  const partner = partners.find((each) => each.domain === domain)
  if (partner !== undefined) return { kind: 'federated', source: 'DirectPartner', edge: partner.edge, port: federationPort, verification: partner.verification }
  const provider = providers.find(({ enabled, domains }) => enabled && domains.includes(domain))
  return provider && { kind: 'federated', source: 'AuthorizedServer', edge: provider.edge, port: federationPort, verification: provider.verification }
}

function otherwise({ defaultRoute }: FederationSettings): Relation {
  if (defaultRoute === undefined) return { kind: 'closed' }
  return { kind: 'federated', source: 'ClearingHouse', edge: defaultRoute, port: federationPort, verification: 'UseSourceVerification' }
}

/** The target must be a host directly in the domain: `sip.partner.test` for `partner.test`, nothing below or beside it. */
async function bySrv(domain: string, resolver: Resolver): Promise<Relation> {
  try {
    const records = await resolver.srv(`_sipfederationtls._tcp.${domain}`)
    const first = [...records].sort((a, b) => a.priority - b.priority)
    if (first.length === 0) return { kind: 'no-srv' }
    const good = first.find(({ target }) => isDirectlyIn(target, domain))
    if (good === undefined) return { kind: 'srv-outside', targets: first.map(({ target }) => target) }
    return { kind: 'federated', source: 'AutoFed', edge: good.target.toLowerCase(), port: good.port, verification: 'UseSourceVerification' }
  } catch (error) {
    return { kind: 'dns-down', cause: error instanceof Error ? error.message : String(error) }
  }
}

export function isDirectlyIn(host: string, domain: string): boolean {
  const [first, ...rest] = host.toLowerCase().replace(/\.$/, '').split('.')
  return first !== undefined && first !== '' && rest.join('.') === domain
}

/** Faults of configuration that a server of the time found when it read its tables at start, and died of. */
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { FederationSettings } from '../topology/hosts.ts'
import type { NodePlan } from '../topology/plan-types.ts'

export interface ConfigurationFault {
  readonly verdict: Verdict
  /** WMI class whose table could not be read. */
  readonly className: string
}

const partnerTable = 'MSFT_SIPFederationDirectPartnerTable'
const providerTable = 'MSFT_SIPFederationNetworkProviderTable'

/** undefined: the tables can be read. Providers that are not enabled count too: the table holds them. */
export function configurationFault(plan: NodePlan): ConfigurationFault | undefined {
  if (plan.settings.kind !== 'access-proxy') return undefined
  const clash = clashIn(plan.settings.federation)
  if (clash === undefined) return undefined
  return {
    className: clash.className,
    verdict: verdict('config.duplicate-partner', { node: plan.name, found: clash.found }),
  }
}

interface Clash {
  readonly className: string
  readonly found: string
}

/**
 * The same domain in both tables, twice in one of them, or two providers behind one edge (topology-facts §1.2, §5.3).
 */
function clashIn({ partners, providers }: FederationSettings): Clash | undefined {
  const partnerDomains = partners.map(({ domain }) => domain)
  const twice = firstTwice(partnerDomains)
  if (twice !== undefined)
    return { className: partnerTable, found: `${twice} is listed twice among the direct partners` }
  const both = providers.find(({ domains }) => domains.some((domain) => partnerDomains.includes(domain)))
  if (both !== undefined) {
    const domain = both.domains.find((each) => partnerDomains.includes(each))
    return { className: partnerTable, found: `${domain} is a direct partner and belongs to the provider ${both.name}` }
  }
  const shared = firstTwice(providers.flatMap(({ domains }) => domains))
  if (shared !== undefined) return { className: providerTable, found: `${shared} belongs to two providers` }
  const edge = firstTwice(providers.map((provider) => provider.edge))
  return edge === undefined ? undefined : { className: providerTable, found: `two providers have the edge ${edge}` }
}

function firstTwice(names: readonly string[]): string | undefined {
  return names.find((name, at) => names.indexOf(name) !== at)
}

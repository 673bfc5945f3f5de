/**
 * Authenticates every user and homes none: redirects inside users to their home pool, forwards requests of remote ones.
 * Reads the directory only.
 */
import { flowToken } from '../sip/routing/policies/flow-token.ts'
import { followRoute } from '../sip/routing/policies/follow-route.ts'
import type { DirectorSettings } from '../topology/plan-types.ts'
import { addPath } from './policies/add-path.ts'
import { insideFacts } from './law/facts.ts'
import { judge } from './law/law.ts'
import { insideAdmission, isOneOf, knownServers } from './policies/inside-admission.ts'
import { homePool } from './policies/home-pool.ts'
import { toEnterpriseEdge } from './policies/next-hop.ts'
import { namesOfFaces, noRoute } from './policies/no-route.ts'
import { stripUntrustedResponse } from './policies/strip-untrusted.ts'
import type { PeerLists } from './peers.ts'
import { betweenServers, directoryOf, peerLists, portOf, type RoleContext, type RoleParts } from './role.ts'

export function director(context: RoleContext, settings: DirectorSettings): RoleParts {
  const { plan, flowTokens } = context
  const { domains, routeToEnterpriseEdge: edge } = settings
  const ports = { securePort: portOf(plan, 'tls'), plainPort: portOf(plan, 'tcp') }
  const servers = [plan.fqdn, ...settings.trustedServers.map(({ fqdn }) => fqdn), ...settings.homes]
  const facts = insideFacts({ border: 'director', authentication: context.authentication, domains, servers })
  const known = knownServers(
    [...servers, ...settings.edges, ...(edge === undefined ? [] : [edge.fqdn])],
    [ports.securePort, ports.plainPort, ...(edge === undefined ? [] : [edge.port])],
  )
  const ours = [...servers, ...settings.edges, ...domains]
  const [isOurs, isNamedHere] = [isOneOf(ours), isOneOf([...ours, ...namesOfFaces(plan.faces)])]
  const toHomes = homePool({
    directory: directoryOf(context).accounts,
    self: plan.fqdn,
    domains,
    ownHome: undefined,
    ...ports,
    between: betweenServers(plan),
    redirectInside: true,
    forbids: (arrival) => judge(arrival, facts, 'home'),
  })
  const target = [
    flowToken(flowTokens),
    addPath({ hostPort: `${plan.fqdn}:${ports.securePort}`, when: ({ remarks }) => remarks.remote }),
    followRoute({ known }),
    toHomes,
    ...toEnterpriseEdge(edge, isNamedHere),
    noRoute(isNamedHere),
  ]
  return {
    law: { internal: facts },
    faces: { internal: { admit: insideAdmission(context, settings, facts, isOurs), target } },
    peers: { internal: peersOf(settings) },
    watched: watchedBy(settings, ports.securePort),
    stripResponse: stripUntrustedResponse,
    domains,
    explainsTo: () => true,
  }
}

function peersOf({ trustedServers, edges }: DirectorSettings): PeerLists {
  return peerLists({ servers: trustedServers.map(({ fqdn }) => fqdn), edges })
}

function watchedBy({ homes, routeToEnterpriseEdge: edge }: DirectorSettings, port: number): RoleParts['watched'] {
  const pools = homes.map((fqdn) => ({ fqdn, port, face: 'internal', by: 'home' as const }))
  return edge === undefined
    ? pools
    : [...pools, { fqdn: edge.fqdn, port: edge.port, face: 'internal', by: 'enterprise-edge' }]
}

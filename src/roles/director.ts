/**
 * Authenticates everybody, homes nobody: redirects inside users to their home pool, passes remote ones on. Reads the
 * directory only.
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
import { peerLists, type RoleContext, type RoleParts, directoryOf } from './role.ts'

export function director(context: RoleContext, settings: DirectorSettings): RoleParts {
  const { plan, flowTokens } = context
  const { domains, routeToEnterpriseEdge: edge } = settings
  const portOf = (transport: string, otherwise: number): number =>
    plan.listeners.find((listener) => listener.transport === transport)?.port ?? otherwise
  const servers = [plan.fqdn, ...settings.trustedServers.map(({ fqdn }) => fqdn), ...settings.homes]
  const facts = insideFacts({ border: 'director', authentication: context.authentication, domains, servers })
  const known = knownServers(
    [...servers, ...settings.edges, ...(edge === undefined ? [] : [edge.fqdn])],
    [portOf('tls', 5061), portOf('tcp', 5060), ...(edge === undefined ? [] : [edge.port])],
  )
  const toHomes = {
    ownHome: undefined,
    securePort: portOf('tls', 5061),
    plainPort: portOf('tcp', 5060),
    redirectInside: true,
  }
  const isOurs = isOneOf([...servers, ...settings.edges, ...domains])
  const isNamedHere = isOneOf([...servers, ...settings.edges, ...domains, ...namesOfFaces(plan.faces)])
  return {
    law: { internal: facts },
    faces: {
      internal: {
        admit: insideAdmission(context, settings, facts, isOurs),
        target: [
          flowToken(flowTokens),
          addPath({ hostPort: `${plan.fqdn}:${portOf('tls', 5061)}`, when: ({ remarks }) => remarks.remote }),
          followRoute({ known }),
          homePool({
            directory: directoryOf(context).accounts,
            self: plan.fqdn,
            domains,
            ...toHomes,
            forbids: (arrival) => judge(arrival, facts, 'home'),
          }),
          ...toEnterpriseEdge(edge, isNamedHere),
          noRoute(isNamedHere),
        ],
      },
    },
    peers: { internal: peerLists({ servers: settings.trustedServers.map(({ fqdn }) => fqdn), edges: settings.edges }) },
    watched: watchedBy(settings, portOf('tls', 5061)),
    stripResponse: stripUntrustedResponse,
    domains,
    servedDomains: domains,
    explainsTo: () => true,
  }
}

function watchedBy({ homes, routeToEnterpriseEdge: edge }: DirectorSettings, port: number): RoleParts['watched'] {
  const pools = homes.map((fqdn) => ({ fqdn, port, face: 'internal' }))
  return edge === undefined ? pools : [...pools, { fqdn: edge.fqdn, port: edge.port, face: 'internal' }]
}

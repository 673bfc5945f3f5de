/**
 * Authenticates everybody, homes nobody: redirects inside users to their home pool, passes remote ones on. Reads the
 * directory only.
 */
import { flowToken } from '../sip/routing/policies/flow-token.ts'
import { followRoute } from '../sip/routing/policies/follow-route.ts'
import type { DirectorSettings } from '../topology/plan-types.ts'
import { addPath } from './policies/add-path.ts'
import { authenticateUsers } from './policies/authenticate-users.ts'
import { homePool } from './policies/home-pool.ts'
import { nextHop } from './policies/next-hop.ts'
import { noRoute } from './policies/no-route.ts'
import { noteRemote } from './policies/note-remote.ts'
import { routeGuard } from './policies/route-guard.ts'
import { stripUntrusted, stripUntrustedResponse } from './policies/strip-untrusted.ts'
import { peerLists, type RoleContext, type RoleParts, directoryOf } from './role.ts'

export function director(context: RoleContext, settings: DirectorSettings): RoleParts {
  const { plan, flowTokens } = context
  const { accounts } = directoryOf(context)
  const { domains, routeToEnterpriseEdge: edge } = settings
  const portOf = (transport: string, otherwise: number): number =>
    plan.listeners.find((listener) => listener.transport === transport)?.port ?? otherwise
  return {
    faces: {
      internal: {
        admit: [stripUntrusted(), routeGuard(flowTokens), noteRemote(), authenticateUsers(context, settings)],
        target: [
          flowToken(flowTokens),
          addPath({ hostPort: `${plan.fqdn}:${portOf('tls', 5061)}`, when: ({ remarks }) => remarks.remote }),
          followRoute(),
          homePool({
            directory: accounts,
            self: plan.fqdn,
            domains,
            ownHome: undefined,
            securePort: portOf('tls', 5061),
            plainPort: portOf('tcp', 5060),
            redirectInside: true,
          }),
          ...(edge === undefined
            ? []
            : [
                nextHop({
                  uri: `sip:${edge.fqdn}:${edge.port};transport=tls`,
                  when: ({ uri }) => !domains.includes(uri.host),
                  because: 'enterprise-edge',
                }),
              ]),
          noRoute({ domains }),
        ],
      },
    },
    peers: { internal: peerLists({ servers: settings.trustedServers.map(({ fqdn }) => fqdn), edges: settings.edges }) },
    watched: [...settings.homes, ...(edge === undefined ? [] : [edge.fqdn])].map((fqdn) => ({
      fqdn,
      port: fqdn === edge?.fqdn ? edge.port : portOf('tls', 5061),
      face: 'internal',
    })),
    stripResponse: stripUntrustedResponse,
    domains,
    explainsTo: () => true,
  }
}

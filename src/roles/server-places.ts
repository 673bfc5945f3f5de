/** The servers that no binding may lead to, from the plan of a home. */
import { type ServerPlace, ServerPlaces } from '../services/registrar/server-places.ts'
import type { HomeSettings, NodePlan } from '../topology/plan-types.ts'

/** The list of the planner, and every server that another setting of the home names. */
export function serverPlaces(plan: NodePlan, settings: HomeSettings): ServerPlaces {
  const {
    servers = [],
    trustedServers,
    members,
    home,
    edges,
    authorizedHosts,
    domains,
    routeToEnterpriseEdge,
  } = settings
  const named = [...trustedServers, ...authorizedHosts].map(({ fqdn }) => fqdn)
  const routes = settings.staticRoutes.map(({ nextHop, port }): ServerPlace => ({ hosts: [nextHop], ports: [port] }))
  return new ServerPlaces([
    ...servers,
    ...routes,
    ...(routeToEnterpriseEdge === undefined ? [] : [placeOf(routeToEnterpriseEdge)]),
    { hosts: [...named, ...members, home, ...edges, ...domains], ports: plan.listeners.map(({ port }) => port) },
    ownPlace(plan),
  ])
}

/** undefined: the node is no home. */
export function serverPlacesOf(plan: NodePlan): ServerPlaces | undefined {
  const { settings } = plan
  return settings.kind === 'standard-edition' || settings.kind === 'front-end'
    ? serverPlaces(plan, settings)
    : undefined
}

function placeOf({ fqdn, port }: { readonly fqdn: string; readonly port: number }): ServerPlace {
  return { hosts: [fqdn], ports: [port] }
}

function ownPlace({ fqdn, faces, listeners }: NodePlan): ServerPlace {
  const named = faces.flatMap((face) => [face.fqdn, face.address, ...Object.values(face.addresses)])
  return {
    hosts: [fqdn, ...named, ...listeners.map(({ address }) => address)],
    ports: listeners.flatMap(({ port, bound = port }) => [port, bound]),
  }
}

/**
 * The servers of an organisation, from the plan of a node: no binding leads there, and no other peer has their names.
 */
import { isThisMachine, type ServerPlace, ServerPlaces, serviceOf } from '../services/registrar/server-places.ts'
import { placeName } from '../sip/message/fast/scanner.ts'
import type { AccessProxySettings, HomeSettings, NodePlan } from '../topology/plan-types.ts'

/** The list of the planner, and every server that another setting of the home names. */
export function serverPlaces(plan: NodePlan, settings: HomeSettings): ServerPlaces {
  const { servers = [], trustedServers, members, home, edges, domains, routeToEnterpriseEdge } = settings
  const ours = [...trustedServers.map(({ fqdn }) => fqdn), ...members, home, ...edges, ...domains]
  const ports = plan.listeners.map(({ port }) => port)
  return new ServerPlaces([
    ...servers,
    ...routed(settings),
    ...authorized(settings, ports),
    ...(routeToEnterpriseEdge === undefined ? [] : [placeOf(routeToEnterpriseEdge)]),
    { hosts: ours, ports },
    ownPlace(plan),
  ])
}

/** A static route may lead to another port than the planner knows of that host. */
function routed({ staticRoutes, servers }: HomeSettings): readonly ServerPlace[] {
  return staticRoutes.map(({ nextHop, port }) => ({ ...(known(servers, nextHop) ?? guest(nextHop)), ports: [port] }))
}

function authorized({ authorizedHosts, servers }: HomeSettings, ports: readonly number[]): readonly ServerPlace[] {
  const unknown = authorizedHosts.filter(({ fqdn }) => known(servers, fqdn) === undefined)
  return unknown.map(({ fqdn }) => ({ ...guest(fqdn), ports }))
}

function known(servers: HomeSettings['servers'], host: string): ServerPlace | undefined {
  return servers?.find(({ hosts }) => hosts.includes(host))
}

function guest(host: string): Omit<ServerPlace, 'ports'> {
  return { hosts: [host], kind: 'foreign' }
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

/** Whether a host is a domain, a name or an address of the organisation behind an access proxy. */
export function ownHosts(
  plan: NodePlan,
  { servers = [], nextHop, internalServers, domains }: AccessProxySettings,
): (host: string) => boolean {
  const places = [...servers.filter(({ kind }) => kind !== 'foreign'), ownPlace(plan)]
  const named = [...domains, nextHop.fqdn, ...internalServers, ...places.flatMap(({ hosts }) => hosts)]
  const ours = new Set(named.map(placeName))
  return (host) => ours.has(host) || ours.has(serviceOf(host)) || isThisMachine(host.replace(/^\[|\]$/g, ''))
}

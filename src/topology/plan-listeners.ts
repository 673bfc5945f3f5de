/** Listeners of each host: those of its role, then what the lab file adds or removes. */
import { placesOf, sipPort, sipsPort } from './layout.ts'
import type { Place, PlaceOf, Ports, Site } from './layout.ts'
import type { Face, Listener, Mutual, Transport, Zone } from './plan-types.ts'

interface Opening {
  readonly face: 'internal' | 'external'
  readonly transport: Transport
  readonly port: number
  readonly mutual?: Mutual
  readonly refusals?: 'explained'
}

/** @param secured whether the host has a certificate; without one nothing speaks TLS */
export function planListeners(site: Site, place: Place, ports: Ports, secured: boolean): readonly Listener[] {
  const openings = withOverrides(place, openingsOf(site, place, ports)).filter(
    ({ transport }) => secured || !isSecure(transport),
  )
  return openings
    .flatMap((opening) => {
      const face = place.faces.find(({ name }) => name === opening.face)
      return face === undefined ? [] : addressesFor(face, opening).map((address) => ({ ...opening, address }))
    })
    .map(({ face, transport, address, port, mutual, refusals }) => ({
      face,
      transport,
      address,
      port,
      ...(mutual === undefined ? {} : { mutual }),
      ...(refusals === undefined ? {} : { refusals }),
    }))
}

export function isSecure(transport: Transport): boolean {
  return transport === 'tls' || transport === 'wss'
}

function openingsOf(site: Site, place: Place, ports: Ports): readonly Opening[] {
  switch (place.host?.role) {
    case 'standard-edition':
    case 'front-end':
      return homeOpenings(ports)
    case 'director':
      return [
        { face: 'internal', transport: 'tls', port: sipsPort, mutual: 'requested' },
        { face: 'internal', transport: 'tcp', port: sipPort },
      ]
    case 'access-proxy':
      return [
        { face: 'internal', transport: 'tls', port: sipsPort, mutual: 'required' },
        {
          face: 'external',
          transport: 'tls',
          port: sipsPort,
          mutual: place.host.allowClientsOnMtls ? 'requested' : 'required',
        },
        { face: 'external', transport: 'tls', port: ports.edge, mutual: 'off' },
        { face: 'external', transport: 'wss', port: ports.wss, mutual: 'off' },
      ]
    case 'load-balancer':
      return passedThrough(site, place, ports)
    case 'gateway':
      return [{ face: 'internal', transport: 'tls', port: sipsPort, mutual: 'required' }]
    default:
      return []
  }
}

function homeOpenings(ports: Ports): readonly Opening[] {
  return [
    { face: 'internal', transport: 'tls', port: sipsPort, mutual: 'requested' },
    { face: 'internal', transport: 'tcp', port: sipPort },
    { face: 'internal', transport: 'wss', port: ports.wss, mutual: 'off' },
  ]
}

/** A balancer opens what every front end behind it has open over TCP. */
function passedThrough(site: Site, place: Place, ports: Ports): readonly Opening[] {
  const first = poolMembers(site, place.label)[0]
  if (first === undefined) return []
  return withOverrides(first, homeOpenings(ports)).filter(({ transport }) => transport !== 'udp')
}

/** The front ends behind a pool label. */
export function poolMembers(site: Site, pool: string): readonly PlaceOf<'front-end'>[] {
  return placesOf(site, 'front-end').filter(({ host }) => host.pool === pool)
}

function withOverrides(place: Place, openings: readonly Opening[]): readonly Opening[] {
  const { host } = place
  const overrides = host !== undefined && 'listeners' in host ? host.listeners : []
  const same = (a: Opening, b: Opening) => a.face === b.face && a.transport === b.transport && a.port === b.port
  const inherited = (entry: Opening) =>
    openings.find((opening) => same(opening, entry))?.mutual ?? (isSecure(entry.transport) ? 'off' : undefined)
  const kept = openings.filter(
    (opening) =>
      !overrides.some((entry) => same(opening, { face: entry.face, transport: entry.transport, port: entry.port })),
  )
  const added = overrides
    .filter(({ enabled }) => enabled)
    .map(({ face, transport, port, mutual: own, refusals }): Opening => {
      const mutual = own ?? inherited({ face, transport, port })
      return {
        face,
        transport,
        port,
        ...(mutual === undefined ? {} : { mutual }),
        ...(refusals === 'explained' ? { refusals } : {}),
      }
    })
  return [...kept, ...added]
}

/** In the perimeter only TLS is heard; on loopback every zone has the same address. */
function addressesFor(face: Face, opening: Opening): readonly string[] {
  const zones = Object.keys(face.addresses) as Zone[]
  const heard = zones.filter((zone) => zone !== 'perimeter' || opening.transport === 'tls')
  return [...new Set(heard.map((zone) => face.addresses[zone]).filter((address) => address !== undefined))]
}

/**
 * The outermost hop. It authenticates servers by certificate, never users; what is admitted from outside goes to one
 * next hop.
 */
import { type Arrival, type FacePolicies, refuse } from '../sip/routing/decision.ts'
import { organisationText } from '../sip/routing/dialog-record.ts'
import { flowToken } from '../sip/routing/policies/flow-token.ts'
import { followRoute } from '../sip/routing/policies/follow-route.ts'
import type { AccessProxySettings } from '../topology/plan-types.ts'
import { type Federation, federation, federationPort } from './federation.ts'
import { addPath } from './policies/add-path.ts'
import { outsideFacts, perimeterFacts } from './law/facts.ts'
import type { Facts } from './law/law.ts'
import { proveDialog, proveDialogByIdentity, recogniseDialog } from './policies/dialog.ts'
import { federateIn, partnerOf } from './policies/federate-in.ts'
import { federateOut, toPartner } from './policies/federate-out.ts'
import { knownServers } from './policies/inside-admission.ts'
import { hearIdentity } from './policies/hear-identity.ts'
import { markOutside } from './policies/mark-outside.ts'
import { nextHop } from './policies/next-hop.ts'
import { noRoute } from './policies/no-route.ts'
import { outwardRequest } from './policies/outward-request.ts'
import { inwardResponse, maySeeDiagnostics, outwardResponse } from './policies/outward-response.ts'
import { remoteUser } from './policies/remote-user.ts'
import { routeGuard } from './policies/route-guard.ts'
import { stripUntrusted } from './policies/strip-untrusted.ts'
import { trustedServer } from './policies/trusted-server.ts'
import { ownHosts } from './server-places.ts'
import { peerLists, portOf, type RoleContext, type RoleParts, type WatchedPeer } from './role.ts'

export function accessProxy(context: RoleContext, settings: AccessProxySettings): RoleParts {
  const { nextHop: inward, domains, internalServers } = settings
  const { enabled } = settings.federation
  const others = federation(settings.federation, context.resolver, Math.random)
  const perimeter = perimeterFacts(domains)
  const partnerEdges = partnerEdgesOf(settings)
  return {
    law: { external: outsideFacts, internal: perimeter },
    faces: {
      external: externalFace(context, settings, others),
      internal: internalFace(context, settings, others, perimeter),
    },
    peers: {
      external: peerLists({
        edges: enabled ? partnerEdges : [],
        strangers: findsPartners(settings.federation) ? 'client' : 'refused',
      }),
      internal: peerLists({ servers: internalServers, strangers: 'refused' }),
    },
    watched: [
      { fqdn: inward.fqdn, port: inward.port, face: 'internal', by: 'inward' },
      ...(enabled ? [...new Set(partnerEdges)] : []).map((fqdn) => partnerAt(fqdn)),
    ],
    editResponse: { external: outwardResponse, internal: inwardResponse },
    servedDomains: domains,
    outsideFace: 'external',
    explainsTo: ({ face, flow }) => face === 'internal' || maySeeDiagnostics(flow),
  }
}

function externalFace(
  { plan, flowTokens }: RoleContext,
  settings: AccessProxySettings,
  others: Federation,
): FacePolicies {
  const { nextHop: inward, domains, internalServers, allowOutsideUsers } = settings
  const self = plan.faces.find(({ name }) => name === 'external')?.fqdn ?? plan.fqdn
  const ports = new Set(plan.listeners.map(({ port }) => port))
  const inside = new Set([inward.fqdn, ...internalServers].map((name) => name.toLowerCase()))
  const isOurs = (host: string): boolean => inside.has(host) || domains.includes(host)
  const inwardUri = `sip:${inward.fqdn}:${inward.port};transport=tls`
  return {
    admit: [
      stripUntrusted(),
      recogniseDialog(flowTokens, outsideFacts),
      routeGuard(flowTokens, { isOurs }),
      federateIn({ federation: others, domains, self, ports, isOurs: ownHosts(plan, settings) }),
      remoteUser({ allowOutsideUsers, domains }),
      proveDialog({ tokens: flowTokens, speaksFor: speaksOutside }),
      markOutside({ edge: plan.fqdn }),
    ],
    target: [
      // Outside is left by the inside face alone: a way from one flow out here to another would pass no server.
      followRoute({
        face: 'internal',
        toOrganisation: () => refuse(403, 'route.abuse'),
        known: { hosts: inside, ports: new Set([inward.port]) },
        unproved: 'inward',
        homes: { domains, nextHop: inwardUri },
      }),
      addPath({ hostPort: `${plan.fqdn}:${portOf(plan, 'tls')}`, token: (flow) => flowTokens.of(flow) }),
      nextHop({
        uri: inwardUri,
        face: 'internal',
        by: 'inward',
        because: 'inward',
      }),
    ],
  }
}

function internalFace(
  { plan, flowTokens }: RoleContext,
  settings: AccessProxySettings,
  others: Federation,
  perimeter: Facts,
): FacePolicies {
  const { markSourceVerifiable } = settings.federation
  const isOurs = ownHosts(plan, settings)
  const outward = { federation: others, isOurs, self: plan.fqdn }
  return {
    admit: [
      trustedServer(),
      recogniseDialog(flowTokens, perimeter),
      hearIdentity(),
      proveDialog({ tokens: flowTokens, speaksFor: (_, organisation) => organisation === '' }),
      proveDialogByIdentity(perimeter),
      outwardRequest({ tokens: flowTokens, markSourceVerifiable }),
    ],
    target: [
      flowToken(flowTokens),
      followRoute({
        face: 'external',
        known: knownServers([], [federationPort]),
        toOrganisation: (arrival, domain) => toPartner(arrival, domain, outward),
      }),
      federateOut(outward),
      noRoute(isOurs),
    ],
  }
}

function partnerAt(fqdn: string): WatchedPeer {
  return { fqdn, port: federationPort, face: 'external', by: 'partner' }
}

function partnerEdgesOf({ federation: { partners, providers } }: AccessProxySettings): readonly string[] {
  return [...partners, ...providers.filter((provider) => provider.enabled)].map(({ edge }) => edge)
}

/** Outside, only another organisation's edge is a server, and `federateIn` knows for which domain. */
function speaksOutside(arrival: Arrival, organisation: string): boolean {
  return partnerOf(arrival) !== undefined && organisationText(arrival.remarks.organisation) === organisation
}

/**
 * Who may be a partner is known from the tables alone, unless DNS or a default route may lead to others: then the
 * request says.
 */
function findsPartners({ enabled, automatic, defaultRoute }: AccessProxySettings['federation']): boolean {
  return enabled && (automatic || defaultRoute !== undefined)
}

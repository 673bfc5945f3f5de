/** Certificates of a lab, derived from the requirement table. */
import type { CertificateRequest, Purpose } from '../certificates/certificate-request.ts'
import { placeNamed, placesOf } from './layout.ts'
import type { ForeignPlace, Place, Ports, Site } from './layout.ts'
import type { PlannedCertificate } from './plan-types.ts'
import { playsOf } from './plays.ts'
import { peerPolicies } from './peer-policy.ts'
import { purposesToIssue, requiredCertificates, withPeerPolicy } from './requirements.ts'
import type { NameSource, Requirement } from './requirements.ts'
import type { Topology } from './topology.ts'

const secondsPerDay = 86_400
const sipServers = ['standard-edition', 'front-end', 'director', 'access-proxy', 'gateway'] as const

/** The certificates every host of a site must have; empty where the rules of the profile need none. */
export function planCertificates(topology: Topology, site: Site, ports: Ports): readonly PlannedCertificate[] {
  const several = placesOf(site, ...sipServers).length + site.foreign.length > 1
  return site.places.flatMap((place) => {
    const routes = ownRoutes(place)
    const serversTalk = several || routes.some(({ overTls }) => overTls)
    const rows = requiredCertificates({
      profile: topology.profile.name,
      role: place.role,
      serversTalk,
      peerPolicy: topology.peerPolicy,
    })
    const planned = rows.map((row) => plan(topology, site, place, ports, row))
    const [base] = rows
    if (base === undefined) return planned
    const forRoutes = routes
      .filter(({ ownCertificate }) => ownCertificate)
      .map((route) => plan(topology, site, place, ports, routeRow(topology, site, base, route)))
    return [...planned.map((one) => shownBy(place, one)), ...forRoutes]
  })
}

/** A voice service takes public certificates only; any other next hop is of the organisation. */
function routeRow(topology: Topology, site: Site, base: Requirement, { number, nextHop }: OwnRoute): Requirement {
  const references = [`static-route:${number}`] as const
  if (placeNamed(site, nextHop)?.role !== 'gateway')
    return { ...base, references, why: `Static route ${number} has a certificate of its own.` }
  const why = `Static route ${number} leads to a voice service, which takes public certificates only.`
  return withPeerPolicy(
    { ...base, references, authority: 'public', subject: 'own', dnsNames: ['own', 'home'], uriNames: [], why },
    topology.peerPolicy,
  )
}

/** What an authority of the lab issues for a foreign server. Undefined: it brings its own. */
export function foreignCertificate(
  topology: Topology,
  site: Site,
  { node, fqdn, host }: ForeignPlace,
  ports: Ports,
): PlannedCertificate | undefined {
  const { certificate: authority } = host
  if (authority === 'own') return undefined
  const isSold = authority === 'internal' || peerPolicies[topology.peerPolicy].publicClientAuth === 'issued'
  const request: CertificateRequest = {
    name: node,
    commonName: fqdn,
    dnsNames: [fqdn],
    uriNames: [],
    ipAddresses: [],
    purposes: isSold ? ['serverAuth', 'clientAuth'] : ['serverAuth'],
    authority,
    ...lifeOf(topology),
  }
  const why = 'A foreign server shows it to both ends of its links; its files are in the folder foreign of the lab.'
  return {
    node,
    organisation: site.domain,
    references: [],
    request,
    ...sourcesOf(topology, site, authority, ports),
    why,
  }
}

function lifeOf({ certificates, profile }: Topology): Pick<CertificateRequest, 'keyType' | 'validSeconds'> {
  return {
    keyType: certificates.keyType ?? profile.keyType,
    validSeconds: certificates.validSeconds ?? profile.validDays * secondsPerDay,
  }
}

function sourcesOf(
  topology: Topology,
  site: Site,
  authority: CertificateRequest['authority'],
  ports: Ports,
): Pick<PlannedCertificate, 'crlUrl' | 'issuerUrl'> {
  const base = pkiUrl(authority === 'public' ? topology.domain : site.domain, ports)
  return { crlUrl: `${base}/${authority}-issuing.crl`, issuerUrl: `${base}/${authority}-issuing.cer` }
}

/** The certificate of a voice service is as its dated policy says. */
function shownBy({ host }: Place, planned: PlannedCertificate): PlannedCertificate {
  if (host?.role !== 'gateway') return planned
  const allowed: readonly Purpose[] = (playsOf(host).plays?.rules ?? peerPolicies[host.policy]).shows
  const purposes = planned.request.purposes.filter((purpose) => allowed.includes(purpose))
  return { ...planned, request: { ...planned.request, purposes } }
}

function plan(topology: Topology, site: Site, place: Place, ports: Ports, row: Requirement): PlannedCertificate {
  const { references, authority } = row
  const all = (sources: readonly NameSource[]) => [...new Set(sources.flatMap((source) => names(source, site, place)))]
  const request: CertificateRequest = {
    name: certificateName(place.node, references[0] ?? 'listener'),
    commonName: names(row.subject, site, place)[0] ?? place.fqdn,
    dnsNames: all(row.dnsNames),
    uriNames: all(row.uriNames).map((domain) => `sip:${domain}`),
    ipAddresses: [],
    purposes: purposesToIssue(row),
    authority,
    ...lifeOf(topology),
  }
  return {
    node: place.node,
    organisation: site.domain,
    references,
    request,
    ...sourcesOf(topology, site, authority, ports),
    why: row.why,
  }
}

/**
 * Where CRLs and issuer certificates are fetched: `http://pki.lab.test:10080`. The public CA's are at the first
 * organisation's.
 */
export function pkiUrl(domain: string, ports: Ports): string {
  return `http://pki.${domain}${ports.pki === 80 ? '' : `:${ports.pki}`}`
}

/**
 * `edge` and `edge-external` → `edge-external`; `fe1` and `listener` → `fe1-listener`; `partner-edge` →
 * `partner-edge-external`.
 */
function certificateName(node: string, reference: string): string {
  const face = /^edge-(internal|external)$/.exec(reference)?.[1]
  return face === undefined ? `${node}-${reference.replace(':', '-')}` : `${node}-${face}`
}

function names(source: NameSource, site: Site, place: Place): readonly string[] {
  const { host } = place
  const pool = host?.role === 'front-end' ? host.pool : undefined
  switch (source) {
    case 'own':
      return [place.fqdn]
    case 'home':
      return [pool === undefined ? place.fqdn : `${pool}.${site.domain}`]
    case 'members':
      return pool === undefined
        ? [place.fqdn]
        : placesOf(site, 'front-end')
            .filter((other) => other.host.pool === pool)
            .map(({ fqdn }) => fqdn)
    case 'external':
      return place.faces.filter(({ name }) => name === 'external').map(({ fqdn }) => fqdn)
    case 'domains':
      return site.domains
    case 'sip-domains':
      return site.domains.map((domain) => `sip.${domain}`)
    default:
      return source satisfies never
  }
}

interface OwnRoute {
  /** Counted from 1, as in `static-route:1`. */
  readonly number: number
  readonly nextHop: string
  readonly overTls: boolean
  readonly ownCertificate: boolean
}

function ownRoutes({ host }: Place): readonly OwnRoute[] {
  const routes = host?.role === 'standard-edition' || host?.role === 'front-end' ? host.staticRoutes : []
  return routes.map(({ nextHop, transport, ownCertificate }, at) => ({
    number: at + 1,
    nextHop,
    overTls: transport === 'tls',
    ownCertificate,
  }))
}

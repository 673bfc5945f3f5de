/**
 * What the planner derives from a lab file: plain frozen data that survives `JSON.stringify`, the same for every
 * reader.
 */
import type { PlayedRules } from '../peers/played.ts'
import type { Authority, CertificateReference, CertificateRequest } from '../certificates/certificate-request.ts'
import type { OwnSettings } from './hosts.ts'
import type { DigestAlgorithm, Profile, WhenDatabaseIsAway, WhenOwnCertificateEnds } from './profile.ts'

export type Role =
  | 'standard-edition'
  | 'front-end'
  | 'director'
  | 'access-proxy'
  | 'load-balancer'
  | 'sql'
  | 'dns'
  | 'pki'
  | 'gateway'

/**
 * Which addresses the hosts of a lab have: of 127.0.N.0/24, of 10.N.0.0/16, of fd51:1ab:N::/48; in a cluster the names
 * of services, whose addresses are not known beforehand.
 */
export type Addressing = 'loopback' | 'containers' | 'ipv6' | 'cluster'

/** The three nets of a firewall drawing. On loopback they share one /24; in containers each is a network. */
export type Zone = 'internet' | 'perimeter' | 'internal'

export type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
export type Mutual = 'required' | 'requested' | 'off'
export type FaceName = 'internal' | 'external'
/** Whose root an end trusts: an authority of the lab, or the CA that a foreign server brought along. */
export type TrustRoot = Authority | 'own'

export interface Face {
  readonly name: FaceName
  /** e.g. `sip.lab.test` for the external face of an access proxy. */
  readonly fqdn: string
  /** Where this face listens, e.g. `127.0.41.32`. */
  readonly address: string
  /** Its address as each zone sees it; on loopback always the same. */
  readonly addresses: Readonly<Partial<Record<Zone, string>>>
}

/** As `siplab up --json` prints it. */
export interface Listener {
  readonly face: FaceName
  readonly transport: Transport
  /** In a cluster `0.0.0.0`: a node does not know its addresses there. */
  readonly address: string
  /** The port that peers dial, and that Via and Record-Route carry. */
  readonly port: number
  /** The port that the process opens, where a service of the cluster leads the other one there. Absent: the same. */
  readonly bound?: number
  /** Absent where there is no TLS. */
  readonly mutual?: Mutual
  /** Whether a refused peer gets an explanation. Absent: it gets none. */
  readonly refusals?: 'explained'
}

/** One certificate of a node, with the references it is assigned to at first. */
export interface PlannedCertificate {
  readonly node: string
  /** SIP domain of the organisation whose internal CA signs, when `request.authority` is `internal`. */
  readonly organisation: string
  readonly references: readonly CertificateReference[]
  readonly request: CertificateRequest
  /** Where the issuing CA's CRL is fetched, e.g. `http://pki.lab.test:10080/internal-issuing.crl`. */
  readonly crlUrl: string
  /** Where the issuing CA's own certificate is fetched, e.g. `http://pki.lab.test:10080/internal-issuing.cer`. */
  readonly issuerUrl: string
  /** Why the node needs one, with the rule. */
  readonly why: string
}

export type DnsViewName = 'internal' | 'perimeter' | 'external'

export type DnsRecord =
  | { readonly kind: 'a'; readonly name: string; readonly address: string; readonly why: string }
  | {
      readonly kind: 'srv'
      /** e.g. `_sip._tls.lab.test`. */
      readonly name: string
      readonly priority: number
      readonly weight: number
      readonly port: number
      /** e.g. `sip.lab.test`. */
      readonly target: string
      readonly why: string
    }
  | { readonly kind: 'aaaa'; readonly name: string; readonly address: string; readonly why: string }
  | { readonly kind: 'cname'; readonly name: string; readonly target: string; readonly why: string }
  | {
      readonly kind: 'naptr'
      readonly name: string
      readonly order: number
      readonly preference: number
      readonly flags: string
      /** e.g. `SIPS+D2T` (RFC 3263 §4.1). */
      readonly services: string
      readonly regexp: string
      readonly replacement: string
      readonly why: string
    }

/** One view of the DNS: what a resolver at this address answers. */
export interface DnsView {
  readonly name: DnsViewName
  /** SIP domain of the organisation it belongs to; the external view is shared and says the first. */
  readonly organisation: string
  readonly address: string
  readonly port: number
  /** Domains it answers with authority, NXDOMAIN for what they lack. */
  readonly zones: readonly string[]
  readonly records: readonly DnsRecord[]
}

/** One end of a link as the matrix prints it. */
export interface LinkEnd {
  /** Node name, name of a foreign server, or a party outside the lab: `remote-user`, `inside-user`, `partner`. */
  readonly name: string
  readonly face?: FaceName
}

/** Who may speak to whom, in the direction of the connection. */
export interface Link {
  readonly from: LinkEnd
  readonly to: LinkEnd
  readonly transport: 'tls' | 'tcp' | 'udp' | 'wss' | 'ws' | 'http' | 'sql' | 'dns'
  readonly port: number
  readonly allowed: boolean
  /** The name that is dialled, e.g. `pool.lab.test`. */
  readonly dials: string
  /** Absent without TLS. */
  readonly verification?: LinkVerification
  /** What this plan already knows will fail on the link, e.g. a public certificate without clientAuth. */
  readonly gap?: { readonly code: 'cert.eku-missing'; readonly why: string }
  readonly why: string
}

export interface LinkVerification {
  /** What the dialling end wants of the certificate it is shown. */
  readonly dialler: { readonly wantsName: string; readonly wantsPurpose: 'serverAuth'; readonly trustRoot: TrustRoot }
  /** What the accepting end wants; absent where it asks for no certificate. */
  readonly acceptor?: {
    readonly wantsName: string
    readonly wantsPurpose: 'clientAuth'
    readonly trustRoot: TrustRoot
    readonly mutual: 'required' | 'requested'
  }
}

export interface FirewallEnd {
  readonly zone: Zone
  /** Node name, or `remote-user`, `inside-user`, `partner`. */
  readonly name: string
  /** `any` for parties whose address is not known beforehand. */
  readonly address: string
}

export interface FirewallRule {
  readonly from: FirewallEnd
  readonly to: FirewallEnd
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly why: string
}

export interface PlannedUser {
  readonly uri: string
  readonly login: string
  readonly password: string
  /** FQDN of the home, e.g. `pool.lab.test`. */
  readonly home: string
  readonly remote: boolean
  /** Absent: those that come by a static route. */
  readonly anonymousCalls?: boolean
}

/** Where to point a phone. */
export interface PhoneTarget {
  readonly domain: string
  readonly from: 'inside' | 'outside'
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly host: string
  readonly address: string
  readonly port: number
  /** Certificate authority a phone must trust; absent without TLS. */
  readonly trust?: 'internal' | 'public'
}

/** Where an organisation keeps its two schemas. File names are relative to the lab's data folder. */
export type StorePlan =
  | { readonly kind: 'sqlite'; readonly directory: string; readonly pool: string }
  | {
      readonly kind: 'postgres'
      readonly host: string
      readonly address: string
      readonly port: number
      readonly tls: 'off' | 'on' | 'verify'
      readonly database: string
      /** Shared SQLite files, when no PostgreSQL programs are there. */
      readonly fallback: { readonly kind: 'sqlite'; readonly directory: string; readonly pool: string }
    }

export interface TrustedServer {
  readonly fqdn: string
  /** `MSFT_SIPESTrustedServerSetting.Version`: 2 = LCS 2005 SP1. */
  readonly version: number
}

export interface VoicePolicy {
  /** Logins; `*` stands for those that no policy names. */
  readonly users: readonly string[]
  /** `+4930*`, `+493012345`, `*`. */
  readonly numbers: readonly string[]
}

export interface RoutePlan {
  readonly match: string
  readonly nextHop: string
  readonly port: number
  readonly transport: 'tls' | 'tcp' | 'udp'
  readonly replaceHost: boolean
  /** Rules for numbers, the first that fits counts. Absent: numbers go as they are. */
  readonly normalise?: readonly { readonly pattern: string; readonly replacement: string }[]
  /** `static-route:1` when the route has a certificate of its own. */
  readonly reference?: CertificateReference
}

interface TrustLists {
  /** SIP domains served, the first is the main one. */
  readonly domains: readonly string[]
  readonly realm: string
  /** Challenges offer NTLM behind Digest. */
  readonly ntlm: boolean
  /** Digest algorithms of a challenge, the preferred one first. */
  readonly algorithms: readonly DigestAlgorithm[]
  /** Peers that are believed: the trusted server list of the directory. */
  readonly trustedServers: readonly TrustedServer[]
  /** Internal FQDNs of access proxies. They forward and never vouch. */
  readonly edges: readonly string[]
}

/** One server, by everything that leads to it. */
export interface ServerPlace {
  /** Its names and addresses. */
  readonly hosts: readonly string[]
  /** Ports that it listens on: a phone may have its address. */
  readonly ports: readonly number[]
  /** A gateway, or the server of somebody else. Absent: any other of ours. */
  readonly kind?: 'gateway' | 'foreign'
}

/** Standard Edition and front end. */
export interface HomeSettings extends TrustLists, OwnSettings<'front-end'> {
  readonly kind: 'standard-edition' | 'front-end'
  /** FQDN users have as home, and the name to Record-Route with: `pool.lab.test` or `se.lab.test`. */
  readonly home: string
  /** FQDNs of every front end of the pool, this one included. One Standard Edition: itself. */
  readonly members: readonly string[]
  readonly authorizedHosts: readonly {
    readonly fqdn: string
    readonly treatAs: 'server' | 'authenticated' | 'throttle-as-server' | 'outbound-only'
  }[]
  /** Rules for dialled numbers, before a route is chosen. Absent: numbers go as they are. */
  readonly dialPlan?: NonNullable<RoutePlan['normalise']>
  /** Absent: everyone may call every number. */
  readonly voicePolicies?: readonly VoicePolicy[]
  readonly staticRoutes: readonly RoutePlan[]
  /**
   * Where requests for other domains go, e.g. `director.lab.test:5061`. Absent: nowhere.
   * `MSFT_SIPProxySetting.RouteToEnterpriseEdge`.
   */
  readonly routeToEnterpriseEdge?: { readonly fqdn: string; readonly port: number }
  /** Where no binding may lead: every server of the organisation. Absent: those that these settings name. */
  readonly servers?: readonly ServerPlace[]
  readonly store: StorePlan
}

export interface DirectorSettings extends TrustLists, OwnSettings<'director'> {
  readonly kind: 'director'
  /** Homes it may redirect or proxy to. */
  readonly homes: readonly string[]
  readonly routeToEnterpriseEdge?: { readonly fqdn: string; readonly port: number }
  /** It reads the directory only. */
  readonly store: StorePlan
}

export interface AccessProxySettings extends OwnSettings<'access-proxy'> {
  readonly kind: 'access-proxy'
  /** Supported internal domains. */
  readonly domains: readonly string[]
  readonly nextHop: { readonly fqdn: string; readonly port: number }
  /** FQDNs of inside hosts that may speak to it, the next hop included. */
  readonly internalServers: readonly string[]
  /** Every server of the organisation: no one outside may use its name. Absent: those that these settings name. */
  readonly servers?: readonly ServerPlace[]
}

export interface GatewaySettings extends TrustLists, OwnSettings<'gateway'> {
  readonly kind: 'gateway'
  /** The peer it plays on a day; its rules count instead of `policy`. */
  readonly plays?: { readonly peer: string; readonly on: string; readonly rules: PlayedRules }
  /** Each trunk by the names it may show itself with: the host of a static route to the gateway, and its pool. */
  readonly trunks: readonly (readonly string[])[]
}

export interface LoadBalancerSettings {
  readonly kind: 'load-balancer'
  readonly backends: readonly { readonly node: string; readonly fqdn: string; readonly address: string }[]
  /** TCP ports passed through, same number on both sides. */
  readonly ports: readonly number[]
}

export type NodeSettings =
  | HomeSettings
  | DirectorSettings
  | AccessProxySettings
  | LoadBalancerSettings
  | (OwnSettings<'sql'> & { readonly kind: 'sql' })
  | { readonly kind: 'dns'; readonly views: readonly DnsView[] }
  | { readonly kind: 'pki'; readonly port: number; readonly url: string }
  | GatewaySettings

/** Everything one process needs to start. */
export interface NodePlan {
  /** Unique in the lab: `fe1`, `partner-fe1`. */
  readonly name: string
  readonly role: Role
  /** SIP domain of its organisation. */
  readonly organisation: string
  /** Its own FQDN, e.g. `fe1.lab.test`; of an access proxy the internal one. */
  readonly fqdn: string
  readonly faces: readonly Face[]
  readonly listeners: readonly Listener[]
  /** The view it resolves through. */
  readonly resolver: {
    readonly view: DnsViewName
    readonly address: string
    readonly port: number
    /** In a cluster: the view itself. The node answers from it, asks the system for services, and no other server. */
    readonly names?: Pick<DnsView, 'zones' | 'records'>
  }
  readonly certificates: readonly PlannedCertificate[]
  readonly whenOwnCertificateEnds: WhenOwnCertificateEnds
  readonly whenDatabaseIsAway: WhenDatabaseIsAway
  /** e.g. `+31d`; absent: the clock is right. */
  readonly clock?: string
  readonly profile: Profile
  readonly settings: NodeSettings
}

/** A foreign server, which siplab does not run: an end of links without a process in the lab. */
export interface ForeignPlan {
  /** Unique among the nodes too: `sbc1`. */
  readonly name: string
  readonly role: 'foreign'
  /** SIP domain of the organisation whose hosts it talks to. */
  readonly organisation: string
  /** e.g. `sbc1.contoso.test`. */
  readonly fqdn: string
  readonly address: string
  readonly port: number
  readonly faces: readonly [Face]
  /** What an authority of the lab issues for it. Absent: it brings its own. */
  readonly certificate?: PlannedCertificate
  /** PEM of the root that it brings along; our ends of its links trust it. */
  readonly root?: string
}

export interface OrganisationPlan {
  readonly domain: string
  readonly domains: readonly string[]
  /** Before its node names: empty or `partner-`. */
  readonly prefix: string
  readonly store: StorePlan
  readonly trustedServers: readonly TrustedServer[]
  readonly edges: readonly string[]
  /** False where no node has a certificate: then there is no CA either. */
  readonly certificates: boolean
}

export interface LabPlan {
  readonly topology: string
  readonly about: string
  readonly profile: Profile
  readonly domain: string
  readonly network: number
  readonly addressing: Addressing
  readonly organisations: readonly OrganisationPlan[]
  /** In the order to start them: dns, pki, sql, homes, load balancer, director, access proxy. */
  readonly nodes: readonly NodePlan[]
  readonly certificates: readonly PlannedCertificate[]
  /** Foreign servers, which siplab does not run. */
  readonly foreign: readonly ForeignPlan[]
  readonly dns: readonly DnsView[]
  readonly links: readonly Link[]
  readonly firewall: readonly FirewallRule[]
  readonly users: readonly PlannedUser[]
  readonly phones: readonly PhoneTarget[]
}

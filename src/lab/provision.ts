/**
 * What a lab needs on disk before its nodes start: authorities, a certificate for each reference, trust lists, the
 * directory.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { initAuthority } from '../certificates/authority.ts'
import type { Authority } from '../certificates/authority.ts'
import type { KeyType } from '../certificates/certificate-request.ts'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import { assign, certificateFolder, saveCertificate } from '../certificates/node-certificates.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { copySharedKey } from '../node/shared-key.ts'
import type { FaceName, ForeignPlan, LabPlan, NodePlan, PlannedCertificate } from '../topology/plan-types.ts'
import { type ForeignFolder, foreignTrust, provisionForeign } from './foreign.ts'
import { LabError } from './lab-error.ts'
import type { ReadyDocument } from './ready-document.ts'

/**
 * A year and a month: revocation lists do not run out while a scenario moves the clocks. Stale ones are made on
 * purpose.
 */
const crlValidSeconds = 400 * 86_400

/** The authorities of a lab by organisation; public certificates all come from the first. */
export interface LabAuthorities {
  readonly byOrganisation: ReadonlyMap<string, Authority>
  /** The one that issues what is planned. */
  for(certificate: Pick<PlannedCertificate, 'organisation' | 'request'>): Authority
}

/**
 * Makes or opens the authorities below `pki`: the first organisation's in the folder itself, a partner's in
 * `pki/partner.test`.
 */
export function openAuthorities(plan: LabPlan, pkiFolder: string, now: number): LabAuthorities {
  const secured = plan.organisations.filter(({ certificates }) => certificates)
  const byOrganisation = new Map(
    secured.map(({ domain }) => {
      const pki = plan.nodes.find((node) => node.organisation === domain && node.settings.kind === 'pki')
      const url = pki?.settings.kind === 'pki' ? { crlUrl: pki.settings.url } : {}
      return [
        domain,
        initAuthority(authorityFolder(plan, pkiFolder, domain), { domain, now, keyType: caKeyType(plan), ...url }),
      ]
    }),
  )
  const [first] = byOrganisation.values()
  return {
    byOrganisation,
    for({ organisation, request }) {
      const authority = request.authority === 'public' ? first : byOrganisation.get(organisation)
      if (authority === undefined)
        throw new Error(`${organisation} has no authority although its plan has the certificate ${request.name}`)
      return authority
    },
  }
}

/** Peers of a profile with RSA keys for its nodes may read no others: the authorities have RSA keys too. */
function caKeyType({ profile }: LabPlan): KeyType {
  return profile.keyType.startsWith('rsa') ? 'rsa2048' : 'p256'
}

export function authorityFolder(plan: Pick<LabPlan, 'organisations'>, pkiFolder: string, domain: string): string {
  return plan.organisations[0]?.domain === domain ? pkiFolder : join(pkiFolder, domain)
}

/**
 * The root a phone of an organisation trusts inside; the ready document names that of the first. Absent: there is no
 * TLS.
 */
export function internalRoot(
  plan: Pick<LabPlan, 'organisations'>,
  trust: ReadyDocument['trust'],
  domain: string,
): string | undefined {
  if (trust.internal === undefined) return undefined
  return join(authorityFolder(plan, dirname(trust.internal), domain), basename(trust.internal))
}

/**
 * Issues what is missing and assigns it. What is there already stays, valid or not: a lab that is brought up again
 * meets the certificates it left behind.
 */
export function provisionCertificates(plan: LabPlan, labRoot: string, now: number): ReadyDocument['trust'] {
  const authorities = openAuthorities(plan, join(labRoot, 'pki'), now)
  for (const planned of plan.certificates)
    provisionCertificate(authorities, planned, nodeFolder(labRoot, planned.node).root, now)
  for (const node of plan.nodes) provisionDatabase(plan, authorities, node, labRoot, now)
  for (const node of plan.nodes) provisionTrust(plan, authorities, node, labRoot, now)
  for (const server of plan.foreign) provisionForeign(plan, server, authorityOf(authorities, server), { labRoot, now })
  publishCrls(plan, authorities, now)
  const [first] = authorities.byOrganisation.values()
  return first === undefined ? {} : { internal: first.trust('internal').path, public: first.trust('public').path }
}

/** Public certificates all come from the first organisation. */
function authorityOf({ byOrganisation }: LabAuthorities, { organisation, certificate }: ForeignPlan): Authority {
  const [first] = byOrganisation.values()
  const authority = certificate?.request.authority === 'public' ? first : byOrganisation.get(organisation)
  if (authority === undefined) throw new Error(`${organisation} has a foreign server and no authority`)
  return authority
}

/** A fresh certificate and key for a foreign server, in the same files. */
export function renewForeign(plan: LabPlan, server: ForeignPlan, labRoot: string, now: number): ForeignFolder {
  const authorities = openAuthorities(plan, join(labRoot, 'pki'), now)
  return provisionForeign(plan, server, authorityOf(authorities, server), { labRoot, now, renew: true })
}

function provisionCertificate(
  authorities: LabAuthorities,
  planned: PlannedCertificate,
  folder: string,
  now: number,
): void {
  if (existsSync(join(certificateFolder(folder), `${planned.request.name}.pem`))) return
  saveCertificate(folder, authorities.for(planned).issue(planned.request, now))
  for (const reference of planned.references) assign(folder, reference, planned.request.name)
}

/**
 * The database has an encryption of its own, with a certificate from the same authority; no reference of SIP points at
 * it.
 */
function provisionDatabase(
  plan: LabPlan,
  authorities: LabAuthorities,
  node: NodePlan,
  labRoot: string,
  now: number,
): void {
  if (node.settings.kind !== 'sql' || node.settings.tls === 'off') return
  const authority = authorities.byOrganisation.get(node.organisation)
  const like = plan.certificates.find(
    ({ organisation, request }) => organisation === node.organisation && request.authority === 'internal',
  )?.request
  if (authority === undefined || like === undefined)
    throw new LabError(
      'usage',
      'sql.tls',
      `${node.name} asks for TLS, and no server of ${node.organisation} has a certificate: there is no authority ` +
        'to issue one; remove tls from the host, or use a profile with certificates',
    )
  const { root } = nodeFolder(labRoot, node.name)
  const name = databaseCertificate(node.name)
  if (existsSync(join(certificateFolder(root), `${name}.pem`))) return
  saveCertificate(
    root,
    authority.issue(
      { ...like, name, commonName: node.fqdn, dnsNames: [node.fqdn], uriNames: [], purposes: ['serverAuth'] },
      now,
    ),
  )
}

export function databaseCertificate(node: string): string {
  return `${node}-database`
}

/**
 * Every server trusts the internal root of its organisation. An access proxy has a list for each face: internal root
 * inside, public root outside. A server that shows a public certificate on its one face trusts both roots there.
 */
function provisionTrust(
  plan: LabPlan,
  authorities: LabAuthorities,
  node: NodePlan,
  labRoot: string,
  now: number,
): void {
  const lists = trustLists(plan, authorities, node, labRoot)
  const last = lists.at(-1)
  if (last === undefined) return
  const { crl } = nodeFolder(labRoot, node.name)
  mkdirSync(crl, { recursive: true, mode: 0o700 })
  // A lab of an earlier version has one list for both faces: the missing second one tells.
  if (!existsSync(last.file)) for (const { file, pem } of lists) writeFileAtomic(file, pem)
  if (plan.profile.crl.unreachable !== 'stop') return
  for (const { authority, kind } of anchorsOf(plan, authorities, node)) writeCrls(crl, authority, kind, now)
}

/**
 * Writes the trust lists of a node as the plan has them, instead of what is there.
 *
 * @returns the files
 */
export function resetTrust(plan: LabPlan, node: NodePlan, labRoot: string, now: number): readonly string[] {
  const lists = trustLists(plan, openAuthorities(plan, join(labRoot, 'pki'), now), node, labRoot)
  for (const { file, pem } of lists) writeFileAtomic(file, pem)
  return lists.map(({ file }) => file)
}

interface TrustList {
  readonly file: string
  readonly pem: string
}

/** The trust lists of a node as the plan has them; that of the outside face last. */
function trustLists(plan: LabPlan, authorities: LabAuthorities, node: NodePlan, labRoot: string): readonly TrustList[] {
  const { trust, externalTrust } = nodeFolder(labRoot, node.name)
  const anchors = anchorsOf(plan, authorities, node)
  const [inside, ...outside] = anchors
  if (inside === undefined) return []
  const list = (file: string, of: readonly Anchor[], face: FaceName): TrustList => {
    const pems = of.map(({ authority, kind }) => authority.trust(kind).pem)
    return { file, pem: [...pems, ...foreignTrust(plan, node, face).own].join('') }
  }
  if (node.role !== 'access-proxy') return [list(trust, anchors, 'internal')]
  const meetsPublic = foreignTrust(plan, node, 'internal').public
  return [list(trust, meetsPublic ? anchors : [inside], 'internal'), list(externalTrust, outside, 'external')]
}

/**
 * Puts the present CRLs of every CA that a node trusts into its folder, instead of what is there.
 *
 * @returns the files
 */
export function resetCrls(plan: LabPlan, node: NodePlan, labRoot: string, now: number): readonly string[] {
  const { crl } = nodeFolder(labRoot, node.name)
  const anchors = anchorsOf(plan, openAuthorities(plan, join(labRoot, 'pki'), now), node)
  if (anchors.length === 0) return []
  for (const file of pemFiles(crl)) rmSync(file)
  for (const { authority, kind } of anchors) writeCrls(crl, authority, kind, now)
  return pemFiles(crl)
}

function pemFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith('.pem'))
    .map((file) => join(folder, file))
}

/** The inside one first. Empty: the node has no certificate and judges none. */
function anchorsOf(plan: LabPlan, { byOrganisation }: LabAuthorities, node: NodePlan): readonly Anchor[] {
  const own = byOrganisation.get(node.organisation)
  const [first] = byOrganisation.values()
  if (own === undefined || first === undefined || node.certificates.length === 0) return []
  const inside: Anchor = { authority: own, kind: 'internal' }
  const meetsPublic = atBorder(node) || foreignTrust(plan, node, 'internal').public
  return meetsPublic ? [inside, { authority: first, kind: 'public' }] : [inside]
}

interface Anchor {
  readonly authority: Authority
  readonly kind: 'internal' | 'public'
}

/** Who shows a public certificate somewhere meets public ones there: an access proxy, a gateway, a trunk to it. */
export function atBorder({ certificates }: Pick<NodePlan, 'certificates'>): boolean {
  return certificates.some(({ request }) => request.authority === 'public')
}

/** The lists that the certificates of the lab name, for the host that serves them. */
function publishCrls(plan: LabPlan, { byOrganisation }: LabAuthorities, now: number): void {
  if (!plan.nodes.some(({ role }) => role === 'pki')) return
  const kinds = plan.certificates.some(({ request }) => request.authority === 'public')
    ? (['internal', 'public'] as const)
    : (['internal'] as const)
  for (const authority of byOrganisation.values()) for (const kind of kinds) authority.crls(kind, now, crlValidSeconds)
}

/** Puts fresh revocation lists of one hierarchy into the folder of a node. */
export function writeCrls(folder: string, authority: Authority, kind: 'internal' | 'public', now: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const { ca, pem } of authority.crls(kind, now, crlValidSeconds)) writeFileAtomic(join(folder, `${ca}.pem`), pem)
}

/** Where a node sees no folder but its own: the key that the servers of an organisation share, a copy for each. */
export function provisionSharedKeys(plan: LabPlan, labRoot: string): void {
  for (const { domain } of plan.organisations) {
    const servers = plan.nodes.filter(
      ({ organisation, certificates }) => organisation === domain && certificates.length > 0,
    )
    copySharedKey(servers.map(({ name }) => nodeFolder(labRoot, name)))
  }
}

/** The folder that holds the embedded stores of a lab. */
export function makeStoreFolders(plan: LabPlan, labRoot: string): void {
  for (const { store } of plan.organisations) {
    const files = store.kind === 'sqlite' ? store : store.fallback
    for (const file of [files.directory, files.pool])
      mkdirSync(dirname(join(labRoot, file)), { recursive: true, mode: 0o700 })
  }
}

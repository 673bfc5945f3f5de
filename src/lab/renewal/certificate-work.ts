/** What `siplab certs` does with the authorities and certificate folders of a lab: trial, renew, revoke, list. */
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wantedOneOf } from '../../topology/nearest-name.ts'
import type { Authority, IndexEntry } from '../../certificates/authority.ts'
import {
  assign,
  certificateFolder,
  listCertificates,
  readAssignments,
  saveCertificate,
} from '../../certificates/node-certificates.ts'
import { pemBlocks } from '../../certificates/examine/index.ts'
import { summarise } from '../../certificates/summary.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import type { RevocationReason } from '../../certificates/write-certificate.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { LabPlan, NodePlan, PlannedCertificate } from '../../topology/plan-types.ts'
import { LabError } from '../lab-error.ts'
import { atBorder, openAuthorities, provisionCertificates, provisionSharedKeys, writeCrls } from '../provision.ts'

/** A folder that holds authorities in `pki/` and nodes in `nodes/`, whether a lab ever ran there or not. */
export interface CertificateHome {
  readonly root: string
  readonly plan: LabPlan
}

export interface HeldCertificate {
  readonly node: string
  /** Stem of its file. */
  readonly name: string
  readonly references: readonly string[]
  readonly certificate: VerdictCertificate
  readonly revoked: boolean
}

/** Makes the authorities and everything that is planned and not there yet. */
export function initCertificates(
  { plan, root }: CertificateHome,
  now: number,
): { readonly internal?: string; readonly public?: string } {
  if (plan.certificates.length === 0) {
    throw new LabError(
      'usage',
      'config.certificate-not-needed',
      `${plan.topology} needs no certificate under the profile ${plan.profile.name}: no two servers talk to each ` +
        `other; siplab plan ${plan.topology} shows the rule`,
    )
  }
  if (plan.addressing === 'containers') provisionSharedKeys(plan, root)
  const roots = provisionCertificates(plan, root, now)
  // Containers have a folder for each node from their volumes; here the certificates make it.
  if (plan.addressing === 'cluster') provisionSharedKeys(plan, root)
  return roots
}

/** Every certificate in the folders of the nodes. */
export function heldCertificates(home: CertificateHome, now: number): readonly HeldCertificate[] {
  const revoked = revokedSerials(home, now)
  return home.plan.nodes.flatMap(({ name: node }) => {
    const folder = nodeFolder(home.root, node).root
    const assignments = Object.entries(readAssignments(folder))
    return listCertificates(folder).flatMap((name) => {
      const certificate = readLeaf(join(certificateFolder(folder), `${name}.pem`))
      if (certificate === undefined) return []
      const references = assignments
        .filter(([, assignment]) => assignment?.certificate === `${name}.pem`)
        .map(([reference]) => reference)
      return [{ node, name, references, certificate, revoked: revoked.has(certificate.serial) }]
    })
  })
}

/**
 * The planned certificate of a node, the only one or the one that serves `reference`.
 *
 * @throws LabError `usage` when there is none, or several would fit
 */
export function plannedFor(node: NodePlan, reference: string | undefined): PlannedCertificate {
  const fitting =
    reference === undefined
      ? node.certificates
      : node.certificates.filter(({ references }) => references.some((each) => each === reference))
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const known = node.certificates.flatMap(({ references }) => references)
  if (known.length === 0)
    throw new LabError(
      'usage',
      'config.certificate-not-needed',
      `${node.name} needs no certificate under the profile ${node.profile.name}`,
    )
  throw new LabError(
    'usage',
    'certificate.reference',
    reference === undefined
      ? `--reference: wanted one of ${known.join(', ')}, found no --reference`
      : wantedOneOf('the reference', reference, known),
  )
}

export interface TrialOptions {
  readonly validSeconds: number
  /** Put it to the references of the planned certificate at once. */
  readonly assign: boolean
}

/**
 * Another certificate with the names of the planned one, under a name of its own: `fe1-listener-trial`, then
 * `…-trial-2`.
 */
export function issueTrial(
  home: CertificateHome,
  planned: PlannedCertificate,
  now: number,
  { validSeconds, assign: assigns }: TrialOptions,
): HeldCertificate {
  const name = freeName(home, planned, `${planned.request.name}-trial`)
  return issue(home, planned, { name, validSeconds, now, assigns })
}

/**
 * A fresh certificate and key in the files of the planned one; what is assigned to it shows the new one after a reload.
 */
export function renew(
  home: CertificateHome,
  planned: PlannedCertificate,
  now: number,
  validSeconds: number | undefined,
): HeldCertificate {
  return issue(home, planned, {
    name: planned.request.name,
    validSeconds: validSeconds ?? planned.request.validSeconds,
    now,
    assigns: false,
  })
}

/** What a renewal did, and what it left alone. */
export interface Renewal {
  readonly renewed: readonly HeldCertificate[]
  /** Certificates in the folder of the node that are assigned to no reference of it. */
  readonly untouched: readonly { readonly name: string; readonly references: readonly string[] }[]
}

/**
 * Renews what the references of a node use: a trial certificate where one is assigned, not the planned file beside it.
 * A reference to which nothing is assigned gets its planned certificate renewed.
 *
 * @param reference only the certificate of this reference
 * @param now by the clock of the node, milliseconds since 1970
 * @throws LabError `usage` when the node has no such certificate
 */
export function renewAssigned(
  home: CertificateHome,
  node: NodePlan,
  { reference, validSeconds }: { readonly reference: string | undefined; readonly validSeconds: number | undefined },
  now: number,
): Renewal {
  const folder = nodeFolder(home.root, node.name).root
  const planned =
    reference === undefined && node.certificates.length > 0 ? node.certificates : [plannedFor(node, reference)]
  const assignments = readAssignments(folder)
  const renewed = planned.flatMap((each) => {
    const references = each.references.filter((one) => reference === undefined || one === reference)
    const used = references.flatMap((one) => assignments[one]?.certificate.replace(/\.pem$/, '') ?? [])
    const names = used.length === 0 ? [each.request.name] : [...new Set(used)]
    return names.map((name) =>
      issue(home, each, { name, validSeconds: validSeconds ?? each.request.validSeconds, now, assigns: false }),
    )
  })
  const done = new Set(renewed.map(({ name }) => name))
  const untouched = heldCertificates(home, now)
    .filter((held) => held.node === node.name && !done.has(held.name))
    .map(({ name, references }) => ({ name, references }))
  return { renewed, untouched }
}

/**
 * Revokes by serial and gives every node that trusts the hierarchy a fresh list.
 *
 * @returns the nodes whose lists changed
 */
export function revoke(
  home: CertificateHome,
  serial: string,
  reason: RevocationReason,
  now: number,
): readonly string[] {
  const wanted = serial.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
  const { byOrganisation } = openAuthorities(home.plan, join(home.root, 'pki'), now)
  const [organisation, authority, entry] = issuerOf(byOrganisation, wanted)
  authority.revoke(wanted, now, reason)
  const kind = entry.ca.startsWith('public') ? 'public' : 'internal'
  const concerned = home.plan.nodes.filter((node) => node.certificates.length > 0 && trusts(node, organisation, kind))
  for (const node of concerned) {
    const { crl } = nodeFolder(home.root, node.name)
    writeCrls(crl, authority, kind, now)
    // Once a node has one list, it wants one of every CA in a chain: the border trusts two hierarchies.
    if (atBorder(node)) writeOther(byOrganisation, node, kind, crl, now)
  }
  return concerned.map(({ name }) => name)
}

/** Every PEM block of a file, or the one certificate of a DER file. */
export function readCertificates(file: string): readonly VerdictCertificate[] {
  const content = readFileSync(file)
  const blocks = content.includes('-----BEGIN') ? pemBlocks(content.toString('utf8')) : [content]
  return blocks.map((block) => summarise(new X509Certificate(block)))
}

/** The index of every authority, oldest first. */
function issuedIndex(home: CertificateHome, now: number): readonly IndexEntry[] {
  return [...openAuthorities(home.plan, join(home.root, 'pki'), now).byOrganisation.values()].flatMap((authority) =>
    authority.index(),
  )
}

function issue(
  home: CertificateHome,
  planned: PlannedCertificate,
  {
    name,
    validSeconds,
    now,
    assigns,
  }: { readonly name: string; readonly validSeconds: number; readonly now: number; readonly assigns: boolean },
): HeldCertificate {
  const folder = nodeFolder(home.root, planned.node).root
  const issued = openAuthorities(home.plan, join(home.root, 'pki'), now)
    .for(planned)
    .issue({ ...planned.request, name, validSeconds }, now)
  saveCertificate(folder, issued)
  if (assigns) for (const reference of planned.references) assign(folder, reference, name)
  const references = Object.entries(readAssignments(folder))
    .filter(([, assignment]) => assignment?.certificate === `${name}.pem`)
    .map(([reference]) => reference)
  return { node: planned.node, name, references, certificate: summarise(issued.certificatePem), revoked: false }
}

function freeName(home: CertificateHome, { node }: PlannedCertificate, wanted: string): string {
  const taken = listCertificates(nodeFolder(home.root, node).root)
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`
    if (!taken.includes(name)) return name
  }
}

function revokedSerials(home: CertificateHome, now: number): ReadonlySet<string> {
  if (!existsSync(join(home.root, 'pki'))) return new Set()
  return new Set(issuedIndex(home, now).flatMap((entry) => (entry.kind === 'revoked' ? [entry.serial] : [])))
}

function issuerOf(
  byOrganisation: ReadonlyMap<string, Authority>,
  serial: string,
): readonly [organisation: string, authority: Authority, entry: IndexEntry] {
  for (const [organisation, authority] of byOrganisation) {
    const entry = authority.index().find((one) => one.kind === 'issued' && one.serial === serial)
    if (entry !== undefined) return [organisation, authority, entry]
  }
  throw new LabError(
    'usage',
    'certificate.unknown',
    `no authority of this lab issued a certificate with serial ${serial}; siplab certs list shows those it did`,
  )
}

function trusts(node: NodePlan, organisation: string, kind: 'internal' | 'public'): boolean {
  return kind === 'public' ? atBorder(node) : node.organisation === organisation
}

function writeOther(
  byOrganisation: ReadonlyMap<string, Authority>,
  node: NodePlan,
  kind: 'internal' | 'public',
  folder: string,
  now: number,
): void {
  const [first] = byOrganisation.values()
  const other = kind === 'public' ? byOrganisation.get(node.organisation) : first
  if (other !== undefined) writeCrls(folder, other, kind === 'public' ? 'internal' : 'public', now)
}

function readLeaf(file: string): VerdictCertificate | undefined {
  try {
    return summarise(readFileSync(file, 'utf8'))
  } catch (error) {
    // A certificate that was broken on purpose is no certificate; the start-up check of its node says what is wrong
    // with it.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** The certificates a node shows: read through its references, checked before any use, read again on command. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { CertificateReference } from '../../certificates/certificate-request.ts'
import { loadCertificates } from '../../certificates/load.ts'
import { assignedFiles } from '../../certificates/node-certificates.ts'
import { checkOwnCertificate, type OwnCertificateResult } from '../../certificates/startup-check.ts'
import { pemBlocks } from '../../certificates/examine/index.ts'
import { shownOf, summarise } from '../../certificates/summary.ts'
import { verdict, type VerdictCode } from '../../verdicts/codes.ts'
import { placedAt } from '../../verdicts/remedy.ts'
import type { Verdict, VerdictCertificate } from '../../verdicts/verdict.ts'
import type { TlsMaterial } from '../../sip/transport/types.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { faultsOn, readFaultsInForce, toleratedBy, underFaults, type FaultInForce } from '../fault-in-force.ts'
import { type NodeFolder, trustFileFor } from '../control/node-folder.ts'

/** What uses one reference: the listeners of a face, the connections that the node dials from a face, or both. */
export interface ReferenceUse {
  readonly reference: CertificateReference
  readonly listensOn: string | undefined
  readonly dialsFrom: string | undefined
}

export interface OwnCertificate {
  readonly use: ReferenceUse
  readonly certificateFile: string
  readonly leaf: VerdictCertificate
  readonly material: TlsMaterial
  /** Milliseconds: the first end in our own chain. */
  readonly notAfter: number
  readonly notBefore: number
  readonly warnings: readonly Verdict[]
  /** In use although it would not be good enough: a fault of the lab is in force. */
  readonly underFault: boolean
  /** Its end does not end the service: a fault of the lab shows it on links. */
  readonly heldUp: boolean
}

export type OwnCertificateCheck =
  | { readonly kind: 'unassigned'; readonly use: ReferenceUse }
  | { readonly kind: 'good'; readonly own: OwnCertificate }
  | {
      readonly kind: 'bad'
      readonly use: ReferenceUse
      readonly verdicts: readonly [Verdict, ...Verdict[]]
      readonly leaf: VerdictCertificate | undefined
    }

/** The references of a role, in the order they are loaded: the default outgoing first, as the routing setting was. */
export function referenceUses(plan: NodePlan): readonly ReferenceUse[] {
  if (plan.settings.kind === 'access-proxy') {
    return [
      { reference: 'edge-internal', listensOn: 'internal', dialsFrom: 'internal' },
      { reference: 'edge-external', listensOn: 'external', dialsFrom: 'external' },
    ]
  }
  const routes = 'staticRoutes' in plan.settings ? plan.settings.staticRoutes : []
  return [
    { reference: 'default-outgoing', listensOn: undefined, dialsFrom: 'internal' },
    { reference: 'listener', listensOn: 'internal', dialsFrom: undefined },
    ...routes.flatMap(({ reference }) =>
      reference === undefined ? [] : [{ reference, listensOn: undefined, dialsFrom: reference }],
    ),
  ]
}

export interface CheckSettings {
  readonly plan: NodePlan
  readonly folder: NodeFolder
  readonly now: number
  /** Codes that only warn: what a fault in force breaks on purpose must be able to go live. */
  readonly tolerate?: ReadonlySet<VerdictCode>
  /** At a start a fault stops the node it was put on; only who judges by it lets it pass. */
  readonly atStart?: boolean
}

/** Checks what one reference points at. */
export function checkReference(
  use: ReferenceUse,
  { plan, folder, now, tolerate = new Set(), atStart = false }: CheckSettings,
): OwnCertificateCheck {
  const assigned = assignedFiles(folder.root, use.reference)
  if (assigned === undefined) return { kind: 'unassigned', use }
  const faults = faultsOn(readFaultsInForce(folder), use.reference)
  const served = faults.find((fault) => fault.served !== undefined)?.served
  const files = served === undefined ? assigned : pairNamed(folder, served)
  const passphrase = faults.find(({ tuning }) => tuning?.passphrase !== undefined)?.tuning?.passphrase
  const checked = checkOwnCertificate({
    ...files,
    trustFile: trustFileFor(folder, use.reference),
    crlFiles: crlFiles(folder),
    names: wantedNames(plan, use),
    purposes: wantedPurposes(plan, use),
    rules: plan.profile,
    now,
    tolerate: new Set([...tolerate, ...toleratedBy(faults.filter(({ bystander }) => bystander || !atStart))]),
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  const result = atNode(checked, plan.name)
  const shared = result.ok ? sharedRoots(plan, folder, use) : []
  return result.ok
    ? { kind: 'good', own: goodOne(use, files.certificateFile, withWarnings(result, shared), plan, faults) }
    : { kind: 'bad', use, verdicts: result.verdicts, leaf: result.leaf }
}

function pairNamed(folder: NodeFolder, name: string): NonNullable<ReturnType<typeof assignedFiles>> {
  const path = join(folder.certificates, name)
  return { certificateFile: `${path}.pem`, keyFile: `${path}.key` }
}

/** The check knows files and not whose they are. */
function atNode(result: OwnCertificateResult, node: string): OwnCertificateResult {
  if (result.ok) return { ...result, warnings: result.warnings.map((found) => placedAt(found, node)) }
  const [first, ...others] = result.verdicts
  return { ...result, verdicts: [placedAt(first, node), ...others.map((found) => placedAt(found, node))] }
}

/** What both faces trust, which each face says for itself: a certificate of the wrong CA would be accepted there. */
function sharedRoots(plan: NodePlan, folder: NodeFolder, use: ReferenceUse): readonly Verdict[] {
  if (plan.settings.kind !== 'access-proxy' || !existsSync(folder.externalTrust)) return []
  const [inside, outside] = [folder.trust, folder.externalTrust].map((file) => pemBlocks(readFileSync(file, 'utf8')))
  const shared = (inside ?? []).find((root) => outside?.some((other) => other.equals(root)) === true)
  if (shared === undefined) return []
  const face = use.listensOn ?? use.reference
  return [
    verdict('trust.shared', {
      node: plan.name,
      certificate: summarise(shared),
      found: `the ${face} face trusts a root of the other face as well`,
    }),
  ]
}

function withWarnings(
  result: Extract<OwnCertificateResult, { ok: true }>,
  more: readonly Verdict[],
): Extract<OwnCertificateResult, { ok: true }> {
  return more.length === 0 ? result : { ...result, warnings: [...result.warnings, ...more] }
}

/**
 * Every reference at once; also an assigned one that nothing uses any more is loaded, as the routing setting of LCS
 * was.
 */
export function checkAll(settings: CheckSettings): readonly OwnCertificateCheck[] {
  return referenceUses(settings.plan).map((use) => checkReference(use, settings))
}

/** A listener or link that needs a certificate and has none. */
export function unassignedVerdict(node: string, reference: CertificateReference): Verdict {
  return verdict('config.certificate-unassigned', {
    node,
    found: `nothing is assigned to ${reference}`,
    fix: `siplab certs trial ${node} --reference ${reference} --valid 30d --assign`,
  })
}

function crlFiles(folder: NodeFolder): readonly string[] {
  if (!existsSync(folder.crl)) return []
  return readdirSync(folder.crl)
    .filter((file) => file.endsWith('.pem'))
    .sort()
    .map((file) => join(folder.crl, file))
}

export function purposesOf({ listensOn, dialsFrom }: ReferenceUse): readonly ('serverAuth' | 'clientAuth')[] {
  return [
    ...(listensOn === undefined ? [] : (['serverAuth'] as const)),
    ...(dialsFrom === undefined ? [] : (['clientAuth'] as const)),
  ]
}

/** What the plan leaves out on purpose (`public-2026`) is for the peers to judge. */
function wantedPurposes({ certificates }: NodePlan, use: ReferenceUse): ReturnType<typeof purposesOf> {
  const planned = certificates.find(({ references }) => references.includes(use.reference))
  return purposesOf(use).filter((purpose) => planned === undefined || planned.request.purposes.includes(purpose))
}

/** Every name a peer may dial this reference by. What is only shown when dialling is judged by its peers, not here. */
function wantedNames(plan: NodePlan, { listensOn }: ReferenceUse): readonly string[] {
  if (listensOn === undefined) return []
  const face = plan.faces.find(({ name }) => name === listensOn)
  if ('home' in plan.settings && 'members' in plan.settings)
    return [plan.settings.home, ...(plan.settings.members.length > 1 ? [plan.fqdn] : [])]
  return [face?.fqdn ?? plan.fqdn]
}

/** The name by which most peers dial it. Absent: no peer dials it. */
export function nameShown(plan: NodePlan, use: ReferenceUse): string | undefined {
  return wantedNames(plan, use)[0]
}

/**
 * `listener.pem holds the certificate 5a01…, which ends 2027-01-01T00:00:00Z; the process shows …`, where the file of a
 * reference holds a newer certificate than the one in use. Absent: it does not, or cannot be read.
 */
export function renewedText(
  nodeRoot: string,
  reference: CertificateReference,
  inUse: VerdictCertificate,
): string | undefined {
  const file = assignedFiles(nodeRoot, reference)?.certificateFile
  const read = file === undefined ? undefined : loadCertificates(file)
  if (file === undefined || read === undefined || !read.ok) return undefined
  const onDisk = summarise(read.value.certificates[0].raw)
  if (onDisk.fingerprint === inUse.fingerprint || Date.parse(onDisk.notAfter) <= Date.parse(inUse.notAfter))
    return undefined
  return (
    `${basename(file)} holds the certificate ${onDisk.serial}, which ends ${onDisk.notAfter}; the process shows ` +
    `${inUse.serial}, which ended ${inUse.notAfter}`
  )
}

/** The suites of the peer that a gateway plays; else those of Node. */
function suitesOf({ settings }: NodePlan): string | undefined {
  const suites = settings.kind === 'gateway' ? settings.plays?.rules.suites : undefined
  return suites?.join(':')
}

function goodOne(
  use: ReferenceUse,
  certificateFile: string,
  result: Extract<OwnCertificateResult, { ok: true }>,
  plan: NodePlan,
  faults: readonly FaultInForce[],
): OwnCertificate {
  const { material, leaf, notAfter, warnings } = result
  return {
    use,
    certificateFile,
    leaf,
    notAfter,
    notBefore: Date.parse(leaf.notBefore),
    warnings,
    underFault: faults.some(({ bystander }) => !bystander),
    // A bystander may show the chain of the fault as well, and its end is no part of the story.
    heldUp: faults.some(({ obeysProfile }) => obeysProfile !== true),
    material: underFaults(
      {
        certificate: material.cert,
        key: material.key,
        ca: material.ca,
        crl: material.crl,
        own: { serial: leaf.serial, fingerprint: leaf.fingerprint, notAfter, leaf: shownOf(leaf) },
        minVersion: plan.profile.tls.min,
        maxVersion: plan.profile.tls.max,
        ciphers: suitesOf(plan),
      },
      faults,
    ),
  }
}

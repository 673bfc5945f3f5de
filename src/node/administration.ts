/**
 * What an administrator reads and changes on one node: the two tabs of the old console, the five references, the MTLS
 * listener. It works on the node's files, so it is the same whether the service runs or has shut down; a running node
 * takes the change through its control API (service.ts).
 *
 * The trap of 2005 is kept: while an assigned certificate is not valid, the Security tab does not open and nothing can
 * be removed, only another, valid certificate can be assigned. `force` lifts this; the original had no such option.
 */
import { existsSync, readFileSync } from 'node:fs'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { assign, assignedFiles, asReference, readAssignments, unassign } from '../certificates/node-certificates.ts'
import { joined } from '../certificates/startup-check.ts'
import { verdict } from '../verdicts/codes.ts'
import type { Verdict, VerdictCertificate } from '../verdicts/verdict.ts'
import type { Listener, NodePlan } from '../topology/plan-types.ts'
import { ControlRefusal } from './control/control-server.ts'
import type { NodeFolder } from './control/node-folder.ts'
import { checkReference, type OwnCertificateCheck, referenceUses } from './certificates/own-certificates.ts'

/** What the settings file of a node holds; absent fields are as the topology has them. */
export interface NodeSettingsFile {
  /** The tick on the General tab: the MTLS listener on 5061. */
  readonly mtls: boolean
}

export interface GeneralTab {
  readonly node: string
  readonly fqdn: string
  /** `MSFT_SIPListeningAddressData`, one a listener. */
  readonly listeners: readonly {
    readonly face: string
    readonly transport: string
    readonly address: string
    readonly port: number
    readonly enabled: boolean
  }[]
  readonly mtls: boolean
}

export interface SecurityTab {
  readonly node: string
  /** One entry a reference that is assigned. */
  readonly references: readonly {
    readonly reference: CertificateReference
    readonly file: string
    readonly certificate: VerdictCertificate | undefined
    readonly valid: boolean
    readonly verdicts: readonly Verdict[]
  }[]
}

export interface Administered {
  readonly plan: NodePlan
  readonly folder: NodeFolder
  readonly now: number
}

/** @throws ControlRefusal `config.local-corrupt` when the file cannot be read */
export function readNodeSettings(folder: NodeFolder): NodeSettingsFile {
  if (!existsSync(folder.settings)) return { mtls: true }
  const read = parse(readFileSync(folder.settings, 'utf8'))
  if (typeof read === 'object' && read !== null && (!('mtls' in read) || typeof read.mtls === 'boolean'))
    return { mtls: true, ...read }
  const found = verdict('config.local-corrupt', {
    found: `${folder.settings} does not hold {"mtls": true or false}`,
    fix: `write {"mtls": true} into ${folder.settings}`,
  })
  throw new ControlRefusal(found.code, found.message, found)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function generalTab({ plan, folder }: Administered): GeneralTab {
  const { mtls } = readNodeSettings(folder)
  return {
    node: plan.name,
    fqdn: plan.fqdn,
    listeners: plan.listeners.map((listener) => {
      const { face, transport, address, port } = listener
      return { face, transport, address, port, enabled: mtls || !isMtls(listener) }
    }),
    mtls,
  }
}

/**
 * What the tick on the General tab switches: the listeners where servers prove themselves, not those for phones alone.
 */
export function isMtls({ transport, mutual }: Pick<Listener, 'transport' | 'mutual'>): boolean {
  return transport === 'tls' && mutual !== 'off'
}

/** @throws ControlRefusal `config.certificate-locked` while an assigned certificate is not valid, unless forced */
export function securityTab(administered: Administered, options: { readonly force: boolean }): SecurityTab {
  const checks = assignedChecks(administered)
  if (!options.force) refuseWhileLocked(administered, checks, 'opened')
  return { node: administered.plan.name, references: checks.map((check) => tabEntry(check, administered.folder)) }
}

function tabEntry(check: AssignedCheck, folder: NodeFolder): SecurityTab['references'][number] {
  const { reference } = check.kind === 'good' ? check.own.use : check.use
  const file = assignedFiles(folder.root, reference)?.certificateFile ?? ''
  if (check.kind === 'good')
    return { reference, file, certificate: check.own.leaf, valid: true, verdicts: check.own.warnings }
  return { reference, file, certificate: check.leaf, valid: false, verdicts: check.verdicts }
}

/**
 * Lets a reference use another certificate. The new one is checked first and refused when it is invalid, whatever is
 * assigned now.
 *
 * @throws ControlRefusal with the verdict of the check
 */
export function assignReference(
  administered: Administered,
  reference: string,
  name: string,
  options: { readonly force: boolean },
): void {
  const { folder } = administered
  const wanted = asReference(reference)
  const before = readAssignments(folder.root)[wanted]
  assign(folder.root, wanted, name)
  const check = checkReference(useOf(administered, wanted), administered)
  if (check.kind !== 'bad' || options.force) return
  if (before === undefined) unassign(folder.root, wanted)
  else assign(folder.root, wanted, before.certificate)
  const found = joined(check.verdicts)
  throw new ControlRefusal(found.code, `${name} was not assigned to ${wanted}: ${found.message}`, found)
}

/** @throws ControlRefusal `config.certificate-locked` */
export function unassignReference(
  administered: Administered,
  reference: string,
  options: { readonly force: boolean },
): void {
  const wanted = asReference(reference)
  if (!options.force) refuseWhileLocked(administered, assignedChecks(administered), 'changed')
  unassign(administered.folder.root, wanted)
}

export function setMtls({ folder }: Administered, on: boolean): void {
  writeFileAtomic(folder.settings, `${JSON.stringify({ ...readNodeSettings(folder), mtls: on })}\n`)
}

type AssignedCheck = Exclude<OwnCertificateCheck, { kind: 'unassigned' }>

function assignedChecks(administered: Administered): readonly AssignedCheck[] {
  return referenceUses(administered.plan)
    .map((use) => checkReference(use, administered))
    .filter((check): check is AssignedCheck => check.kind !== 'unassigned')
}

function refuseWhileLocked({ plan }: Administered, checks: readonly AssignedCheck[], what: 'opened' | 'changed'): void {
  const bad = checks.find((check) => check.kind === 'bad')
  if (bad === undefined || bad.kind !== 'bad') return
  const cause = joined(bad.verdicts)
  const locked = verdict('config.certificate-locked', {
    ...(bad.leaf === undefined ? {} : { certificate: bad.leaf }),
    found: `${bad.use.reference}: ${cause.message}`,
    others: [cause],
  })
  const { reference } = bad.use
  const anew = `siplab certs trial ${plan.name} --reference ${reference} --valid 30d --assign`
  const way =
    'add --force to this command, an option that LCS 2005 did not have, or assign another trial certificate: ' +
    `${anew}; siplab node start ${plan.name}`
  throw new ControlRefusal(
    locked.code,
    `The security settings cannot be ${what}: the certificate assigned to ${reference} is invalid. ${cause.message}. ` +
      capitalised(way),
    { ...locked, fix: way },
  )
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** A reference the role does not use can still be assigned; it is checked as one that dials. */
function useOf({ plan }: Administered, reference: CertificateReference): ReturnType<typeof referenceUses>[number] {
  return (
    referenceUses(plan).find((use) => use.reference === reference) ?? {
      reference,
      listensOn: undefined,
      dialsFrom: reference,
    }
  )
}

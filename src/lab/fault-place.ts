/**
 * Where a certificate fault goes: which end shows the broken certificate, who judges it, and what changes in the files
 * of each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { pemBlocks } from '../certificates/examine/index.ts'
import type { Fault, Side } from '../certificates/faults/fault.ts'
import type { EndSettings } from '../certificates/faults/variation.ts'
import { labFaultPki, type FaultPki } from '../certificates/faults/fault-pki.ts'
import { labChange, type LabChange, putOnJudge } from '../certificates/faults/on-disk.ts'
import { verdictCodes, type VerdictCode } from '../certificates/verdict-codes.ts'
import type { FaultInForce } from '../roles/fault-in-force.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import { referenceUses } from '../roles/own-certificates.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { plannedFor } from './certificate-work.ts'
import { nodeWall } from './clock.ts'
import { heldBy, noteInForce, putCertificate } from './fault-files.ts'
import type { LabLink } from './fault-links.ts'
import type { FaultRecord } from './fault-record.ts'
import { LabError } from './lab-error.ts'
import { openAuthorities } from './provision.ts'
import type { RunningLabAccess } from './running-lab.ts'

export interface CertificateBreakOptions {
  /** The end NODE is in the links that are to show it. Absent: what the fault is about. */
  readonly as?: Side
  /** Pins the TLS version of the target while the fault is on. */
  readonly tls?: '1.2' | '1.3'
  /** Of an access proxy: `edge-internal` or `edge-external`. */
  readonly reference?: CertificateReference
}

export function otherEnd(end: Side): Side {
  return end === 'server' ? 'client' : 'server'
}

export interface Placed {
  readonly change: LabChange
  readonly record: FaultRecord
  readonly links: readonly LabLink[]
  readonly touched: readonly string[]
  put(): void
}

export interface Placing {
  readonly node: NodePlan
  readonly fault: Fault
  readonly as: Side
  readonly links: readonly LabLink[]
  readonly options: CertificateBreakOptions
}

/** Works out what is to change on which node; nothing is written before `put`. */
export function place(lab: RunningLabAccess, { node, fault, as, links, options }: Placing): Placed {
  const judging = fault.breaks === 'judge'
  const far = unique(links.map(({ from, to }) => (as === 'server' ? from : to)))
  const presenter = judging ? (far[0] ?? node) : node
  const reference = options.reference ?? referenceOf(presenter, judging ? otherEnd(as) : as)
  const pki = groundOf(lab, presenter, reference)
  const change = changeOf(fault, pki)
  const { presenter: shown, judge } = change.variation
  const presents = !judging || showsOtherChain(change, pki)
  const held = presents ? [heldBy(lab.root, presenter.name, reference)] : []
  const judges = judging ? [node] : change.changesJudge ? far : []
  const ownSettings = judging ? judge.settings : shown.settings
  const farSettings = judging ? shown.settings : judge.settings
  // Where the fault lies in the versions, both ends say theirs; else the target alone pins it, also where the fault is
  // one of a single version.
  const versioned = [ownSettings, farSettings].some(
    (settings) => settings?.minVersion !== undefined || settings?.maxVersion !== undefined,
  )
  const tls =
    options.tls ??
    (versioned || fault.versions?.length === 1 ? (fault.versions?.[0] === 'TLSv1.3' ? '1.3' : '1.2') : undefined)
  const bystanders = (
    judging
      ? far.slice(0, presents || farSettings !== undefined || versioned ? 1 : 0)
      : change.changesJudge || farSettings !== undefined || versioned
        ? far
        : []
  ).map(({ name }) => name)
  const touched = [...bystanders, node.name]
  const ownTerms = terms(change, { settings: ownSettings, tls, bystander: false })
  return {
    change,
    touched,
    links: judging ? links.filter(({ from, to }) => from === presenter || to === presenter) : links,
    record: {
      target: node.name,
      fault: fault.slug,
      since: new Date().toISOString(),
      as,
      certificate: { held, touched },
    },
    put() {
      for (const one of held) if (!showsNothing(change)) putCertificate(lab.root, one, change)
      for (const { name } of judges)
        putOnJudge(change, { trustFile: nodeFolder(lab.root, name).trust, crlFolder: nodeFolder(lab.root, name).crl })
      noteInForce(
        lab.root,
        node.name,
        node.name,
        judging
          ? ownTerms
          : { ...ownTerms, reference, ...(showsNothing(change) ? { showsNothing: true as const } : {}) },
      )
      for (const name of bystanders)
        noteInForce(
          lab.root,
          name,
          node.name,
          terms(change, { settings: farSettings, tls: versioned ? tls : undefined, bystander: true }),
        )
    },
  }
}

/** The reference behind the links where a node accepts or dials inside. */
function referenceOf(node: NodePlan, end: Side): CertificateReference {
  const use = referenceUses(node).find(
    ({ listensOn, dialsFrom }) => (end === 'server' ? listensOn : dialsFrom) === 'internal',
  )
  if (use === undefined)
    throw new LabError('usage', 'fault.role', `${node.name} (${node.role}) shows no certificate; wanted a SIP server`)
  return use.reference
}

function groundOf(lab: RunningLabAccess, node: NodePlan, reference: CertificateReference): FaultPki {
  const planned = plannedFor(node, reference)
  const now = nodeWall(nodeFolder(lab.root, node.name).root)
  return labFaultPki(openAuthorities(lab.plan, join(lab.root, 'pki'), now).for(planned), planned.request, now)
}

function changeOf(fault: Fault, pki: FaultPki): LabChange {
  const scratch = mkdtempSync(join(tmpdir(), 'siplab-fault-'))
  try {
    const change = labChange(fault, pki, join(scratch, 'files'))
    if (change !== undefined) return change
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  throw new LabError(
    'not-so',
    'fault.dialled-name',
    `${fault.slug} lies in the name that is dialled, and a lab dials by the names of its plan: ${fault.story}`,
  )
}

/** A broken judge that is shown something else than leaf and issuing CA needs a peer that shows it. */
function showsOtherChain({ variation: { presenter } }: LabChange, { issuing }: FaultPki): boolean {
  const [, ...issuers] = pemBlocks(String(presenter.certificate ?? ''))
  return !(issuers.length === 1 && issuers[0]?.equals(pemBlocks(issuing.pem)[0] ?? Buffer.alloc(0)))
}

function showsNothing({ fault, variation: { presenter } }: LabChange): boolean {
  return fault.expect.kind === 'refused' && presenter.certificate === undefined
}

/**
 * Whatever is wrong with a certificate, it goes live: that is what a fault is for. Files that cannot be read stay
 * refused.
 */
const liveCodes: readonly VerdictCode[] = verdictCodes
  .map(({ code }) => code)
  .filter((code) => /^(cert|chain|key|crl)\./.test(code))

function terms(
  change: LabChange,
  {
    settings,
    tls,
    bystander,
  }: {
    readonly settings: EndSettings | undefined
    readonly tls: '1.2' | '1.3' | undefined
    readonly bystander: boolean
  },
): FaultInForce {
  const { minVersion, maxVersion, ciphers, contextWithoutCrl: _notInALab, ...tuning } = settings ?? {}
  const { passphrase } = bystander ? {} : change.variation.presenter
  const pinned = tls === undefined ? undefined : (`TLSv${tls}` as const)
  const min = minVersion ?? pinned
  const max = maxVersion ?? pinned
  return {
    fault: change.fault.slug,
    tolerate: change.needsRestart ? [] : [...new Set([...change.tolerate, ...liveCodes])],
    bystander,
    ...(min === undefined && max === undefined
      ? {}
      : { versions: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) } }),
    ...(ciphers === undefined ? {} : { ciphers }),
    tuning: { ...tuning, ...(passphrase === undefined ? {} : { passphrase }) },
  }
}

function unique(nodes: readonly NodePlan[]): readonly NodePlan[] {
  return nodes.filter((one, at) => nodes.indexOf(one) === at)
}

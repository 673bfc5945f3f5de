/** The files of nodes that a certificate fault changes, and how each is given back. */
import { chmodSync, copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { type LabChange, putOnPresenter, takeOff } from '../certificates/faults/on-disk.ts'
import {
  assign,
  assignedFiles,
  certificateFolder,
  readAssignments,
  unassign,
} from '../certificates/node-certificates.ts'
import { type FaultInForce, faultFile, readFaultsInForce } from '../roles/fault-in-force.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import { LabError } from './lab-error.ts'

/** What a reference of a node held before the fault. */
export interface HeldBefore {
  readonly node: string
  readonly reference: CertificateReference
  readonly name: string
}

/** `fault-listener`: the copy that is broken, while the good certificate stays as it is. */
function faultStem(reference: CertificateReference): string {
  return `fault-${reference.replace(':', '-')}`
}

/** @throws LabError `fault.unassigned` */
export function heldBy(labRoot: string, node: string, reference: CertificateReference): HeldBefore {
  const held = readAssignments(nodeFolder(labRoot, node).root)[reference]
  if (held !== undefined) return { node, reference, name: held.certificate.replace(/\.pem$/, '') }
  throw new LabError(
    'not-so',
    'fault.unassigned',
    `nothing is assigned to ${reference} of ${node}, so there is no certificate to break; siplab assign ${node} ` +
      `${reference} CERTIFICATE`,
  )
}

/** Assigns a copy of the certificate and breaks the copy. */
export function putCertificate(labRoot: string, { node, reference }: HeldBefore, change: LabChange): void {
  const { root, trust } = nodeFolder(labRoot, node)
  const good = assignedFiles(root, reference)
  if (good === undefined) return
  const stem = faultStem(reference)
  const certificateFile = join(certificateFolder(root), `${stem}.pem`)
  const keyFile = join(certificateFolder(root), `${stem}.key`)
  copyFileSync(good.certificateFile, certificateFile)
  copyFileSync(good.keyFile, keyFile)
  chmodSync(keyFile, statSync(good.keyFile).mode & 0o777)
  assign(root, reference, stem)
  putOnPresenter(change, { certificateFile, keyFile, trustFile: trust })
}

/** Gives references, files and rules of a node back as break found them. */
export function giveBack(labRoot: string, node: string, target: string, held: readonly HeldBefore[]): void {
  const folder = nodeFolder(labRoot, node)
  takeOff(folder.certificates, folder.crl, folder.root)
  for (const { reference, name } of held.filter((each) => each.node === node)) {
    const now = readAssignments(folder.root)[reference]
    // What a person assigned since is left alone.
    if (now?.certificate === `${faultStem(reference)}.pem`) putBack(folder.root, reference, name)
    for (const ending of ['pem', 'key'])
      rmSync(join(folder.certificates, `${faultStem(reference)}.${ending}`), { force: true })
  }
  forgetInForce(labRoot, node, target)
}

function putBack(root: string, reference: CertificateReference, name: string): void {
  if (existsSync(join(certificateFolder(root), `${name}.pem`))) assign(root, reference, name)
  else unassign(root, reference)
}

export function noteInForce(labRoot: string, node: string, target: string, fault: FaultInForce): void {
  const folder = nodeFolder(labRoot, node)
  writeFileAtomic(
    faultFile(folder),
    `${JSON.stringify({ ...readFaultsInForce(folder), [target]: fault }, undefined, 2)}\n`,
    0o600,
  )
}

function forgetInForce(labRoot: string, node: string, target: string): void {
  const folder = nodeFolder(labRoot, node)
  const { [target]: _gone, ...left } = readFaultsInForce(folder)
  if (Object.keys(left).length === 0) rmSync(faultFile(folder), { force: true })
  else writeFileAtomic(faultFile(folder), `${JSON.stringify(left, undefined, 2)}\n`, 0o600)
}

/**
 * Two faults on the files of one node could not be told apart when one is healed.
 *
 * @throws LabError `fault.touched`
 */
export function refuseTouched(labRoot: string, nodes: readonly string[]): void {
  for (const node of nodes) {
    const [target] = Object.keys(readFaultsInForce(nodeFolder(labRoot, node)))
    if (target !== undefined)
      throw new LabError(
        'not-so',
        'fault.touched',
        `${node} already bears a part of the fault on ${target}; siplab heal ${target} first`,
      )
  }
}

/** The files that a certificate fault changes: certificate and key of a node, its trust list, its CRLs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { CertificateReference } from '../certificates/certificate-request.ts'
import { assignedFiles, readAssignments } from '../certificates/node-certificates.ts'
import { LabError } from '../lab/lab-error.ts'
import { nodeFolder, trustFileFor } from '../node/control/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Judge, Presenter } from './catalogue/variation.ts'
import type { Edit, FileEdit } from './placement.ts'

const gone = { is: 'absent' } as const

/**
 * A copy of the certificate is assigned and the copy is broken, so that the good one stays as it is; the trust list
 * gains what the node needs to complete its own chain.
 *
 * @throws LabError `fault.unassigned`
 */
export function certificateEdits(
  labRoot: string,
  { name: node }: NodePlan,
  reference: CertificateReference,
  { certificate, key, keyMode = 0o600, trust }: Presenter,
): readonly Edit[] {
  const folder = nodeFolder(labRoot, node)
  const held = readAssignments(folder.root)[reference]
  const good = assignedFiles(folder.root, reference)
  if (held === undefined || good === undefined)
    throw new LabError(
      'not-so',
      'fault.unassigned',
      `nothing is assigned to ${reference} of ${node}, so there is no certificate to break; siplab assign ${node} ` +
        `${reference} CERTIFICATE`,
    )
  const trustFile = trustFileFor(folder, reference)
  const copy = `fault-${reference.replace(':', '-')}`
  const edit = fileEdits(labRoot, node)
  const certificateFile = join(folder.certificates, `${copy}.pem`)
  const keyFile = join(folder.certificates, `${copy}.key`)
  return [
    edit(certificateFile, readFileSync(good.certificateFile), 0o644),
    edit(keyFile, readFileSync(good.keyFile), statSync(good.keyFile).mode & 0o777),
    { kind: 'assignment', node, reference, certificate: copy, before: held.certificate.replace(/\.pem$/, '') },
    edit(certificateFile, certificate ?? gone, 0o644),
    edit(keyFile, key ?? gone, keyMode),
    ...(trust === undefined ? [] : [edit(trustFile, readFileSync(trustFile, 'utf8') + trust, 0o644)]),
  ]
}

export function servedCopy(reference: CertificateReference): string {
  return `fault-served-${reference.replace(':', '-')}`
}

/** The assigned certificate stays as it is: it is the renewed one. */
export function servedEdits(
  labRoot: string,
  node: string,
  reference: CertificateReference,
  { certificate, key }: NonNullable<Presenter['served']>,
): readonly Edit[] {
  const { certificates } = nodeFolder(labRoot, node)
  const edit = fileEdits(labRoot, node)
  const path = join(certificates, servedCopy(reference))
  return [edit(`${path}.pem`, certificate, 0o644), edit(`${path}.key`, key, 0o600)]
}

/** A broken judge gets trust list and CRLs as the fault has them; a peer that judges keeps its roots and gains some. */
export function judgeEdits(
  labRoot: string,
  { name: node, role }: NodePlan,
  { trust, crls }: Judge,
  { broken, outside }: { readonly broken: boolean; readonly outside: boolean },
): readonly FileEdit[] {
  const folder = nodeFolder(labRoot, node)
  // Two access proxies meet at their outside faces.
  const trustFile = trustFileFor(folder, outside && role === 'access-proxy' ? 'edge-external' : undefined)
  const edit = fileEdits(labRoot, node)
  const wanted = trust?.join('')
  const list = edit(trustFile, broken ? (wanted ?? gone) : readFileSync(trustFile, 'utf8') + (wanted ?? ''), 0o644)
  if (crls === undefined) return [list]
  const old = existsSync(folder.crl) ? readdirSync(folder.crl).filter((file) => file.endsWith('.pem')) : []
  return [
    list,
    ...old.map((file) => edit(join(folder.crl, file), gone, 0o644)),
    ...crls.map((crl, index) => edit(join(folder.crl, `fault-${index}.pem`), crl, 0o644)),
  ]
}

export function fileEdits(
  labRoot: string,
  node: string,
): (path: string, content: FileEdit['content'], mode: number) => FileEdit {
  return (path, content, mode) => ({ kind: 'file', node, file: relative(labRoot, path), content, mode })
}

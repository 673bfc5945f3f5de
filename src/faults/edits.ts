/**
 * Makes the edits of a fault and undoes them. What a file held is kept beside it first, so that the undoing gives back
 * exactly what was found, whatever happened in between.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import { assign, certificateFolder, readAssignments, unassign } from '../certificates/node-certificates.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { AssignmentEdit, Edit, FileEdit, Undo } from './placement.ts'

type LabAccess = Pick<RunningLabAccess, 'root' | 'clientOf'>

export async function apply(lab: LabAccess, edits: readonly Edit[]): Promise<void> {
  for (const edit of edits) {
    if (edit.kind === 'file') write(lab.root, edit)
    else if (edit.kind === 'assignment') assign(nodeFolder(lab.root, edit.node).root, edit.reference, edit.certificate)
    else await lab.clientOf(edit.node).post(edit.path, edit.body)
  }
}

/** The last edit first. Undoing twice does no harm. */
export async function undo(lab: LabAccess, edits: readonly Undo[]): Promise<void> {
  for (const edit of edits.toReversed()) {
    if (edit.kind === 'file') giveBack(join(lab.root, edit.file))
    else if (edit.kind === 'assignment') assignBack(lab.root, edit)
    else await lab.clientOf(edit.node).post(edit.path, edit.undo)
  }
}

const keptEnding = '.healthy'
const broughtEnding = '.brought'

function write(labRoot: string, { file, content, mode = 0o600 }: FileEdit): void {
  const path = join(labRoot, file)
  keep(path)
  if (typeof content === 'object' && 'is' in content) {
    rmSync(path, { force: true })
    if (content.is === 'folder') mkdirSync(path)
    return
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileAtomic(path, content, 0o600)
  chmodSync(path, mode)
}

/** A second edit of the same file keeps what the first one found. */
function keep(path: string): void {
  if (existsSync(path + keptEnding) || existsSync(path + broughtEnding)) return
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return writeFileAtomic(path + broughtEnding, '')
  }
  copyFileSync(path, path + keptEnding)
  chmodSync(path + keptEnding, statSync(path).mode)
}

function giveBack(path: string): void {
  if (!existsSync(path + keptEnding) && !existsSync(path + broughtEnding)) return
  rmSync(path, { force: true, recursive: true })
  if (existsSync(path + keptEnding)) renameSync(path + keptEnding, path)
  rmSync(path + broughtEnding, { force: true })
}

/** What a person assigned since is left alone. */
function assignBack(labRoot: string, { node, reference, certificate, before }: AssignmentEdit): void {
  const { root } = nodeFolder(labRoot, node)
  if (readAssignments(root)[reference]?.certificate !== `${certificate}.pem`) return
  if (existsSync(join(certificateFolder(root), `${before}.pem`))) assign(root, reference, before)
  else unassign(root, reference)
}

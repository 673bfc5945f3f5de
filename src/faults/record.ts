/** Which faults are on in a lab: one a target, written down in its data folder, so that heal and status know. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock, writeFileAtomic } from '../certificates/atomic-files.ts'
import type { Side } from './catalogue/fault.ts'
import type { LabFolder } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import type { Edit, Undo } from './placement.ts'

export interface FaultRecord {
  /** As `siplab break` named it: `director`, `director->fe1`, `store`. */
  readonly target: string
  readonly fault: string
  /** ISO 8601. */
  readonly since: string
  readonly as?: Side
  /** What heal has to undo, in the order in which it was made. */
  readonly edits: readonly Undo[]
  /** Nodes that read the edits at their start only. */
  readonly restarts: readonly string[]
}

/** A record as `faults list --on --json` and `status --json` show it. */
export interface FaultOn extends Pick<FaultRecord, 'target' | 'fault' | 'since' | 'as'> {
  /** Of a certificate fault: what its references held before, and every node whose files changed. */
  readonly certificate?: {
    readonly held: readonly { readonly node: string; readonly reference: string; readonly name: string }[]
    readonly touched: readonly string[]
  }
}

export function faultsOfLab(folder: LabFolder): readonly FaultOn[] {
  return faultRecords(folder).map(({ edits, restarts: _restarts, ...shown }) => {
    if (shown.as === undefined) return shown
    const held = edits.flatMap((edit) =>
      edit.kind === 'assignment' ? [{ node: edit.node, reference: edit.reference, name: edit.before }] : [],
    )
    return { ...shown, certificate: { held, touched: touchedBy(edits) } }
  })
}

/** The nodes whose files the edits changed. */
export function touchedBy(edits: readonly Undo[]): readonly string[] {
  return [...new Set(edits.flatMap((edit) => (edit.kind === 'request' || edit.node === undefined ? [] : [edit.node])))]
}

function faultRecords(folder: LabFolder): readonly FaultRecord[] {
  const path = recordFile(folder)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly FaultRecord[]) : []
}

export function faultOn(folder: LabFolder, target: string): FaultRecord | undefined {
  return faultRecords(folder).find((record) => record.target === target)
}

/** @throws LabError `fault.on` when the target has one already */
export function refuseSecond(folder: LabFolder, target: string): void {
  const on = faultOn(folder, target)
  if (on === undefined) return
  throw new LabError(
    'not-so',
    'fault.on',
    `${target} has the fault ${on.fault} since ${on.since}; remove it first: siplab heal '${target}'`,
  )
}

/** @throws LabError `fault.touched`: two faults on the files of one node could not be told apart when one is healed */
export function noteFault(folder: LabFolder, record: FaultRecord): void {
  const others = record.as === undefined ? [] : faultRecords(folder).filter(({ as }) => as !== undefined)
  for (const node of touchedBy(record.edits)) {
    const other = others.find(({ edits }) => touchedBy(edits).includes(node))
    if (other !== undefined)
      throw new LabError(
        'not-so',
        'fault.touched',
        `the fault on ${other.target} also changes ${node}; remove it first: siplab heal '${other.target}'`,
      )
  }
  change(folder, (all) => [...all.filter(({ target }) => target !== record.target), record])
}

export function undoOf(edit: Edit): Undo {
  switch (edit.kind) {
    case 'file': {
      const { content: _content, mode: _mode, ...left } = edit
      return left
    }
    case 'assignment':
      return edit
    case 'request': {
      const { body: _body, ...left } = edit
      return left
    }
    default:
      return edit satisfies never
  }
}

export function forgetFault(folder: LabFolder, target: string): void {
  change(folder, (all) => all.filter((record) => record.target !== target))
}

const recordFile = ({ root }: LabFolder): string => join(root, 'faults.json')

function change(folder: LabFolder, edit: (all: readonly FaultRecord[]) => readonly FaultRecord[]): void {
  withLock(join(folder.root, 'faults'), () =>
    writeFileAtomic(recordFile(folder), `${JSON.stringify(edit(faultRecords(folder)), undefined, 2)}\n`, 0o600),
  )
}

/** Which faults are on in a lab: one a target, written down in its data folder, so that heal and status know. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock, writeFileAtomic } from '../certificates/atomic-files.ts'
import type { HeldBefore } from './fault-files.ts'
import type { LabFolder } from './lab-folder.ts'
import { LabError } from './lab-error.ts'

export interface FaultRecord {
  /** As `siplab break` named it: `director`, `director->fe1`, `store`. */
  readonly target: string
  readonly fault: string
  /** ISO 8601. */
  readonly since: string
  readonly as?: 'server' | 'client'
  /** What heal has to undo of a certificate fault. */
  readonly certificate?: {
    readonly held: readonly HeldBefore[]
    /** Every node whose files changed, the target last. */
    readonly touched: readonly string[]
  }
  /** A file put aside or replaced elsewhere: what the fault's own heal needs. */
  readonly detail?: Readonly<Record<string, string>>
}

export function faultRecords(folder: LabFolder): readonly FaultRecord[] {
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
    `${target} has the fault ${on.fault} since ${on.since}; siplab heal '${target}' takes it off first`,
  )
}

export function noteFault(folder: LabFolder, record: FaultRecord): void {
  change(folder, (all) => [...all.filter(({ target }) => target !== record.target), record])
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

/**
 * Faults that act in a process and not in its files. They are kept in the folder of the node, because `siplab break`
 * promises them until `siplab heal`, and the process may start anew before that.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { NodeFolder } from './control/node-folder.ts'

type Folder = Pick<NodeFolder, 'root'>

const keptFile = ({ root }: Folder): string => join(root, 'kept-faults.json')

/** As `keepFaults` got them; it alone writes the file, so one that cannot be parsed is a fault of ours. */
export function keptFaults(folder: Folder): readonly unknown[] {
  const path = keptFile(folder)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly unknown[]) : []
}

/** They replace all that were kept. */
export function keepFaults(folder: Folder, faults: readonly unknown[]): void {
  if (faults.length === 0) rmSync(keptFile(folder), { force: true })
  else writeFileAtomic(keptFile(folder), `${JSON.stringify(faults, undefined, 2)}\n`, 0o600)
}

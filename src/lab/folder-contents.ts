/** What a lab leaves in its data folder when it starts anew, and when it could not start. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from './lab-error.ts'
import { isLabFolder, type LabFolder } from './lab-folder.ts'
import { endStoreAccess } from './sql/access.ts'

/** `--fresh` removes only what a lab wrote: a folder without its record is not ours. */
export function emptyFolder(folder: LabFolder): void {
  const others = readdirSync(folder.root).filter((name) => join(folder.root, name) !== folder.lock)
  if (others.length === 0) return
  if (!isLabFolder(folder))
    throw new LabError(
      'usage',
      'lab.not-ours',
      `--fresh empties the folder of a lab, and ${folder.root} holds other files; choose another with --data`,
    )
  endStoreAccess(folder.root)
  for (const name of others) rmSync(join(folder.root, name), { recursive: true, force: true })
  mkdirSync(folder.root, { recursive: true, mode: 0o700 })
}

/** After a failed start: away with what it made, the folders above its own included (`made` is the uppermost). */
export function removeNews(folder: LabFolder, before: ReadonlySet<string>, made: string | undefined): void {
  if (made !== undefined) return rmSync(made, { recursive: true, force: true })
  for (const name of readdirSync(folder.root)) {
    if (!before.has(name)) rmSync(join(folder.root, name), { recursive: true, force: true })
  }
}

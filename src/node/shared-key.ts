/**
 * The key with which the servers of one organisation sign flow tokens, so that any of them can check the others'.
 * On one machine they share a file; a node that sees no folder but its own has a copy there.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { NodeFolder } from './control/node-folder.ts'

const octets = 32

/**
 * The copy in the node's own folder, else the shared file. The first server makes the file; two that start at the same
 * time get the same key.
 */
export function sharedKey(
  dataDir: string,
  organisation: string,
  { organisationKey }: Pick<NodeFolder, 'organisationKey'>,
): Buffer {
  if (existsSync(organisationKey)) return readKey(organisationKey)
  const folder = join(dataDir, 'keys')
  const file = join(folder, `${organisation}.key`)
  if (!existsSync(file)) makeKey(folder, file)
  return readKey(file)
}

/**
 * One fresh key for all servers of an organisation, a copy in the folder of each; what is there already stays. Mode
 * 0600.
 */
export function copySharedKey(folders: readonly Pick<NodeFolder, 'organisationKey'>[]): void {
  const files = folders.map(({ organisationKey }) => organisationKey)
  const present = files.find((file) => existsSync(file))
  const key = present === undefined ? randomBytes(octets) : readKey(present)
  for (const file of files) if (!existsSync(file)) writeFileAtomic(file, key, 0o600)
}

function readKey(file: string): Buffer {
  const key = readFileSync(file)
  if (key.length !== octets)
    throw new Error(`${file}: wanted ${octets} octets, found ${key.length}; remove the file and start the nodes again`)
  return key
}

/** Linked into place whole: a reader never sees half a key, and the first one stays. */
function makeKey(folder: string, file: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, randomBytes(octets), { mode: 0o600 })
  try {
    linkSync(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** The key with which the servers of one organisation sign flow tokens and nonces, so that any of them can check the others'. */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const octets = 32

/** Made by whoever comes first; two that start at once get the same one. Mode 0600. */
export function sharedKey(dataDir: string, organisation: string): Buffer {
  const folder = join(dataDir, 'keys')
  const file = join(folder, `${organisation}.key`)
  if (!existsSync(file)) makeKey(folder, file)
  const key = readFileSync(file)
  if (key.length !== octets) throw new Error(`${file}: wanted ${octets} octets, found ${key.length}; remove the file and start the nodes again`)
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

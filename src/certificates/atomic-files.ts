/**
 * Small files that are either whole or not there: written beside their place, then renamed; one writer at a time where
 * that matters.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Writes a file so that a reader sees the old text or the new one, never a part.
 *
 * @param mode e.g. `0o600` for keys; set when the file is made, so it is never wider for a moment
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = 0o644): void {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.new`
  try {
    writeFileSync(temporary, content, { mode, flag: 'wx' })
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause
  }
}

/** Makes a folder that only its owner may enter, and its parents where they are missing. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

const pauseMs = 5
const patienceMs = 10_000

/**
 * Runs `work` while holding the lock file of a folder; other processes wait up to ten seconds. A lock that a dead
 * process left behind is named, not stolen: two thieves at once would both win.
 *
 * @throws Error when the lock stays taken
 */
export function withLock<T>(folder: string, work: () => T): T {
  const path = join(folder, 'lock')
  mkdirSync(dirname(path), { recursive: true })
  for (let waited = 0; !takeLock(path); waited += pauseMs) {
    if (waited >= patienceMs) throw new Error(lockedText(path))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
  }
  try {
    return work()
  } finally {
    rmSync(path, { force: true })
  }
}

function takeLock(path: string): boolean {
  try {
    const handle = openSync(path, 'wx', 0o600)
    writeFileSync(handle, String(process.pid))
    closeSync(handle)
    return true
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'EEXIST') return false
    throw cause
  }
}

function lockedText(path: string): string {
  return (
    `${path} has been held for ${patienceMs / 1000} s by process ${readFileSync(path, 'utf8')}; if that ` +
    'process is gone, remove the file'
  )
}

export function isSystemError(value: unknown): value is NodeJS.ErrnoException {
  return value instanceof Error && 'code' in value && typeof value.code === 'string'
}

/** Files that the command line names: one sentence for each reason why such a file cannot be read. */
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { foundAt } from '../verdicts/machine-limit.ts'
import type { Io } from './io.ts'
import { UsageError } from './usage-error.ts'

/**
 * `readNamed(io, '--expect', 'steps.yaml')`: the octets of the file.
 *
 * @param what the option or argument that names the file
 * @throws UsageError `--expect: wanted a file, found nothing at steps.yaml (ENOENT); check the path`
 */
export function readNamed(io: Io, what: string, file: string, wanted = 'a file'): Buffer {
  const path = resolve(io.workingFolder, file)
  return orRefuse(what, path, wanted, () => readFileSync(path))
}

/** The absolute path of a file that is read later. @throws UsageError as `readNamed` */
export function requireNamed(io: Io, what: string, file: string, wanted = 'a file'): string {
  const path = resolve(io.workingFolder, file)
  return orRefuse(what, path, wanted, () => {
    if (statSync(path).isDirectory())
      throw Object.assign(new Error('is a folder'), { code: 'EISDIR', syscall: 'read', path })
    accessSync(path, constants.R_OK)
    return path
  })
}

function orRefuse<T>(what: string, path: string, wanted: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new UsageError(`${what}: wanted ${wanted}, found ${foundAt(cause, path)}`, { cause })
  }
}

/**
 * Refuses a file that cannot be written before the work for it is done. A scenario or a survey takes minutes.
 *
 * @throws UsageError `--output: wanted a file that can be written, found no folder /reports; make the folder`
 */
export function requireWritable(
  io: Io,
  what: string,
  file: string | undefined,
  folders: 'folders-are-made' | 'folders-exist' = 'folders-exist',
): void {
  if (file === undefined) return
  const found = unwritable(resolve(io.workingFolder, file), folders === 'folders-are-made')
  if (found !== undefined) throw new UsageError(`${what}: wanted a file that can be written, found ${found}`)
}

/** Absent: the file can be written, as far as rights say. */
function unwritable(path: string, foldersAreMade: boolean): string | undefined {
  const known = statSync(path, { throwIfNoEntry: false })
  if (known?.isDirectory() === true) return `a folder at ${path}; name a file in it`
  const folder = foldersAreMade ? existing(dirname(path)) : dirname(path)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return `no folder ${folder}; make the folder or choose another`
  return mayWrite(known === undefined ? folder : path) ? undefined : `no right to write ${path}; choose another folder`
}

/** The folder itself, or the nearest one above it that exists. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder))
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

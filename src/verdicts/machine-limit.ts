/**
 * Limits of the machine and mistakes about files, recognised by the system error that Node throws: a full disk, a
 * missing right, a file that does not exist. They are not faults of siplab (docs/contract.md, exit status 2).
 */

export interface MachineLimit {
  /** e.g. `machine.disk-full`. */
  readonly code: string
  /** One sentence: what was wanted, what was found, where, and what to do next. */
  readonly message: string
}

const otherFolder = 'or choose another folder with --data'

const limits: Readonly<Record<string, { readonly code: string; readonly found: string; readonly next: string }>> = {
  ENOSPC: {
    code: 'machine.disk-full',
    found: 'the disk is full',
    next: `free at least 1 MB, ${otherFolder}`,
  },
  EDQUOT: { code: 'machine.disk-full', found: 'the disk quota is used up', next: `free some space, ${otherFolder}` },
  EROFS: {
    code: 'machine.read-only',
    found: 'the file system is read-only',
    next: 'choose a folder on another file system, for example with --data',
  },
  EACCES: {
    code: 'machine.no-right',
    found: 'this user may not do so',
    next: `change the rights, ${otherFolder}`,
  },
  EPERM: {
    code: 'machine.no-right',
    found: 'the system does not permit it',
    next: `change the rights, ${otherFolder}`,
  },
  ENOENT: { code: 'file.missing', found: 'it does not exist', next: 'check the path' },
  ENOTDIR: { code: 'file.missing', found: 'a part of the path is not a folder', next: 'check the path' },
  EISDIR: { code: 'file.unreadable', found: 'it is a folder', next: 'name a file in it' },
  ENAMETOOLONG: {
    code: 'file.missing',
    found: 'the path is too long',
    next: 'choose a folder with a shorter path: --data',
  },
  ELOOP: { code: 'file.missing', found: 'its links lead in a circle', next: 'check the path' },
  EMFILE: {
    code: 'machine.descriptors',
    found: 'this process has too many files open',
    next: 'raise the limit: ulimit -n 4096',
  },
  ENFILE: { code: 'machine.descriptors', found: 'the machine has too many files open', next: 'close some programs' },
  EIO: { code: 'machine.io-error', found: 'the disk reported an error', next: `check the disk, ${otherFolder}` },
}

/** What siplab does with a file, by the name of the system call. */
const verbs: Readonly<Record<string, string>> = {
  open: 'open',
  mkdir: 'make the folder',
  mkdtemp: 'make a folder',
  write: 'write',
  rename: 'write',
  copyfile: 'copy',
  read: 'read',
  scandir: 'list',
  stat: 'find',
  lstat: 'find',
  access: 'find',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  chmod: 'change the rights of',
  symlink: 'link',
  fsync: 'write',
  ftruncate: 'write',
}

/**
 * `machineLimit(error)` -> `cannot make the folder /.siplab/edge: this user may not do so (EACCES); change …`.
 *
 * @returns undefined for anything that is not a system error of a file operation
 */
export function machineLimit(error: unknown): MachineLimit | undefined {
  if (!isFileError(error)) return undefined
  const limit = limits[error.code]
  const verb = verbs[error.syscall]
  if (limit === undefined || verb === undefined) return undefined
  return {
    code: limit.code,
    message: `cannot ${verb} ${error.path ?? 'a file'}: ${limit.found} (${error.code}); ${limit.next}`,
  }
}

const unreadable: Readonly<Record<string, readonly [found: string, next: string]>> = {
  ENOENT: ['nothing', 'check the path'],
  ENOTDIR: ['nothing', 'check the path'],
  EISDIR: ['a folder', 'name a file in it'],
  EACCES: ['a file that this user may not read', 'change its rights'],
  EPERM: ['a file that this user may not read', 'change its rights'],
}

/**
 * What is in the place of a file that someone named: `nothing at ./root.pem (ENOENT); check the path`.
 *
 * @throws the error itself, unless the system refused the file
 */
export function foundAt(error: unknown, path: string): string {
  if (!isFileError(error)) throw error
  const [found, next] = unreadable[error.code] ?? ['a file that cannot be read', 'check the file']
  return `${found} at ${path} (${error.code}); ${next}`
}

interface FileError extends Error {
  readonly code: string
  readonly syscall: string
  readonly path?: string
}

function isFileError(error: unknown): error is FileError {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    'syscall' in error &&
    typeof error.syscall === 'string'
  )
}

/** Names the file in a system error of `write`, which has none: Node knows only the descriptor there. */
export function withPath<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isFileError(error) && error.path === undefined) Object.assign(error, { path })
    throw error
  }
}

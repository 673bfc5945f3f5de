/** The data folder of one lab: what `up` wrote down about it, and the lock that lets one supervisor in. */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { Verdict } from '../verdicts/verdict.ts'
import type { ReadyDocument } from './ready-document.ts'
import { withPath } from '../verdicts/machine-limit.ts'
import { LabError } from './lab-error.ts'

export interface LabFolder {
  readonly root: string
  /** What `up` decided and saw, readable after it ended: LabRecord. */
  readonly record: string
  /** Holds the process that runs the lab. */
  readonly lock: string
  readonly log: string
  readonly pki: string
}

/** The shape of `lab.json` and of the folders beside it; a change that an older siplab cannot read raises it. */
const recordFormat = 1

/** How a lab was brought up; enough for any command to derive the same plan again. */
export interface LabRecord {
  /** Name of a shipped topology, or the absolute path of a lab file. */
  readonly topology: string
  readonly name: string
  readonly network: number
  readonly ports: Readonly<Record<string, number>>
  /** `up --expose`. Absent: every face is on loopback. */
  readonly expose?: { readonly outer: string }
  /** Absent: loopback. */
  readonly addressing?: 'containers' | 'ipv6'
  readonly movableClock: boolean
  /** ISO 8601. */
  readonly startedAt: string
  /** Absent until every node was up or had stopped. */
  readonly ready?: ReadyDocument
  /** How each stopped node ended, by name; a running one is absent. */
  readonly stopped: Readonly<Record<string, StoppedNode>>
}

export interface StoppedNode {
  readonly at: string
  /** Exit status; absent when a signal ended it. */
  readonly exit?: number
  readonly signal?: string
  readonly verdict?: Verdict
}

export function labFolder(root: string): LabFolder {
  const absolute = resolve(root)
  return {
    root: absolute,
    record: join(absolute, 'lab.json'),
    lock: join(absolute, 'lab.lock'),
    log: join(absolute, 'lab.log'),
    pki: join(absolute, 'pki'),
  }
}

/**
 * Undefined when no lab was ever brought up there.
 *
 * @throws LabError `lab.damaged` when the file cannot be read, `lab.other-format` when another siplab wrote it
 */
export function readRecord(folder: LabFolder): LabRecord | undefined {
  // Unlike existsSync, this throws where the folder belongs to another user: a lab may be there.
  if (statSync(folder.record, { throwIfNoEntry: false }) === undefined) return undefined
  const value = parseRecord(folder)
  const { format } = value
  if (format !== recordFormat) {
    throw new LabError(
      'usage',
      'lab.other-format',
      `${folder.record} is not of this version of siplab: wanted "format": ${recordFormat}, ` +
        `found ${format === undefined ? 'none' : JSON.stringify(format)}; ` +
        `to start again with an empty folder: siplab up --fresh --data ${folder.root}`,
    )
  }
  const missing = neededFields.filter((field) => value[field] === undefined)
  if (missing.length > 0) throw damaged(folder, `the fields ${missing.join(', ')} are missing`)
  return value as unknown as LabRecord
}

/**
 * Whether a lab wrote what is in the folder: its record, in any version, and damaged too, as long as nothing but a
 * lab's files is beside it. `--fresh` removes nothing else.
 */
export function isLabFolder(folder: LabFolder): boolean {
  if (!existsSync(folder.record)) return false
  const others = readdirSync(folder.root).filter((name) => !labFiles.includes(name))
  return others.length === 0 || existsSync(folder.pki) || existsSync(join(folder.root, 'nodes'))
}

const labFiles: readonly string[] = ['lab.json', 'lab.lock', 'lab.log', 'lab.sock']

const neededFields = ['topology', 'name', 'network', 'ports', 'startedAt', 'stopped'] as const

function parseRecord(folder: LabFolder): Readonly<Record<string, unknown>> {
  const text = readFileSync(folder.record, 'utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw damaged(folder, error instanceof Error ? error.message : String(error))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(folder, 'it holds no object')
  return value as Readonly<Record<string, unknown>>
}

function damaged(folder: LabFolder, found: string): LabError {
  return new LabError(
    'usage',
    'lab.damaged',
    `${folder.record} is damaged: ${found}; to start again with an empty folder: ` +
      `siplab up --fresh --data ${folder.root}`,
  )
}

/** It names users with their passwords, so only its owner may read it. */
export function writeRecord(folder: LabFolder, record: LabRecord): void {
  const next = `${folder.record}.new`
  const text = JSON.stringify({ format: recordFormat, ...record }, undefined, 2)
  withPath(folder.record, () => writeFileSync(next, `${text}\n`, { mode: 0o600 }))
  renameSync(next, folder.record)
}

/** Every lab below `.siplab` of the working folder, by its folder. */
export function findLabs(workingFolder: string): readonly LabFolder[] {
  const parent = join(workingFolder, '.siplab')
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .sort()
    .map((name) => labFolder(join(parent, name)))
    .filter((folder) => existsSync(folder.record))
}

/** The process id of the supervisor, or undefined when none runs there. */
export function supervisorOf(folder: LabFolder): number | undefined {
  if (!existsSync(folder.lock)) return undefined
  const holder = readLock(folder)
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined
}

export interface LabLock {
  /** False once the folder was removed or moved, or another process has taken it. */
  isHeld(): boolean
  /** Gives it back; a lock of another process stays. */
  release(): void
}

/**
 * Takes the lock of a folder that exists for this process; a lock of a process that is gone is taken over.
 *
 * @throws LabError `lab.running`
 */
export function takeLock(folder: LabFolder): LabLock {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const written = writeLock(folder)
    if (written !== undefined) return lockOf(folder, written)
    const pid = supervisorOf(folder)
    if (pid !== undefined) {
      throw new LabError(
        'usage',
        'lab.running',
        `a lab already runs in ${folder.root} (process ${pid}); bring it down with siplab down, or choose another ` +
          'folder with --data',
      )
    }
    rmSync(folder.lock, { force: true })
  }
  throw new LabError(
    'usage',
    'lab.running',
    `another siplab up is starting in ${folder.root}; choose another folder with --data`,
  )
}

interface LockHolder {
  readonly pid: number
  /** Tells a process from a later one with the same id; absent where the system does not say. */
  readonly startTicks?: string
}

function lockOf(folder: LabFolder, written: string): LabLock {
  const isHeld = (): boolean => {
    try {
      return readFileSync(folder.lock, 'utf8') === written
    } catch (error) {
      // A disk that fails for a moment has taken nothing away.
      const { code } = error as NodeJS.ErrnoException
      return code !== 'ENOENT' && code !== 'ENOTDIR'
    }
  }
  return {
    isHeld,
    release: () => {
      if (isHeld()) rmSync(folder.lock, { force: true })
    },
  }
}

/** @returns what it says; undefined when there is one */
function writeLock(folder: LabFolder): string | undefined {
  const startTicks = processStat(process.pid)?.startTicks
  const text = JSON.stringify({ pid: process.pid, ...(startTicks === undefined ? {} : { startTicks }) })
  try {
    const descriptor = openSync(folder.lock, 'wx', 0o600)
    try {
      withPath(folder.lock, () => writeFileSync(descriptor, text))
    } catch (error) {
      rmSync(folder.lock, { force: true })
      throw error
    } finally {
      closeSync(descriptor)
    }
    return text
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
}

function readLock(folder: LabFolder): LockHolder | undefined {
  const text = readFileSync(folder.lock, 'utf8')
  return text === '' ? undefined : (JSON.parse(text) as LockHolder)
}

function isAlive({ pid, startTicks }: LockHolder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error
  }
  const stat = processStat(pid)
  // A zombie has ended, and its parent has not asked how.
  return stat?.state !== 'Z' && (startTicks === undefined || stat?.startTicks === startTicks)
}

/**
 * Fields 3 and 22 of /proc/PID/stat: its state, and when it started, in clock ticks since boot. Absent outside Linux.
 */
function processStat(
  pid: number,
): { readonly state: string | undefined; readonly startTicks: string | undefined } | undefined {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return undefined
  const stat = readFileSync(file, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], startTicks: fields[19] }
}

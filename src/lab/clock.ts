/** A calendar of its own for each node: libfaketime, preloaded, reads the shift from a file. Timers keep their pace. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from './lab-error.ts'

const libraryName = 'faketime/libfaketimeMT.so.1'

/** The file in the folder of a node that holds its shift. */
export const clockFileName = 'clock'

/** `+31d`, `-2h`, `+0`: what libfaketime reads. */
const shift = /^[+-]\d{1,9}[smhdwy]?$/

/** The dates that a certificate can name (RFC 5280 §4.1.2.5), from the first second of the system clock. */
const [earliest, latest] = [0, Date.UTC(10_000, 0)]

/** @throws LabError `usage` unless it is a shift such as `+31d`, to a day from 1970 to 9999 */
export function checkShift(text: string, now = Date.now()): string {
  const found = `found ${JSON.stringify(text)}`
  if (!shift.test(text)) throw new LabError('usage', 'clock.shift', `wanted a shift such as +31d, -2h or +0, ${found}`)
  const moved = now + shiftMs(text)
  if (moved >= earliest && moved < latest) return text
  throw new LabError('usage', 'clock.shift', `wanted a shift to a day from 1970 to 9999, ${found}`)
}

/**
 * What a node needs in its environment so that its clock can be moved while it runs: no cache, or a change is seen only
 * after ten seconds; the monotonic clock left alone, or pending timers go off early.
 *
 * @param nodeRoot folder of the node, which must exist
 * @throws LabError `usage` when libfaketime is not installed
 */
export function movableClock(nodeRoot: string, start: string): Readonly<Record<string, string>> {
  const file = join(nodeRoot, clockFileName)
  const library = findLibrary()
  if (library === undefined)
    throw new LabError(
      'usage',
      'clock.unavailable',
      `--movable-clock needs libfaketime (${libraryName}); install the package faketime, or leave the option out ` +
        'and use short validity',
    )
  setClock(nodeRoot, start)
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}

/** Moves the clock of a running node; a node that is stopped starts with it. */
export function setClock(nodeRoot: string, text: string): void {
  writeFileSync(join(nodeRoot, clockFileName), `${checkShift(text)}\n`)
}

/**
 * What a node takes for the time, in milliseconds since 1970: the calendar here, moved as its `clock` file says.
 * Commands that judge a node's certificates for it go by this.
 */
export function nodeWall(nodeRoot: string): number {
  const file = join(nodeRoot, clockFileName)
  if (!existsSync(file)) return Date.now()
  return Date.now() + shiftMs(readFileSync(file, 'utf8'))
}

function shiftMs(text: string): number {
  const [, sign, digits = '0', unit = 's'] = /^([+-])(\d{1,9})([smhdwy])?/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * Number(digits) * (unitMs[unit] ?? 1000)
}

/** As libfaketime counts them. */
const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

function findLibrary(): string | undefined {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((folder) => existsSync(folder))
  const candidates = folders.flatMap((folder) => [
    folder,
    ...readdirSync(folder)
      .filter((name) => name.includes('linux'))
      .map((name) => join(folder, name)),
  ])
  return candidates.map((folder) => join(folder, libraryName)).find((file) => existsSync(file))
}

/** Whether `--movable-clock` can be had on this machine. */
export function hasMovableClock(): boolean {
  return findLibrary() !== undefined
}

/** A calendar of its own for each node: libfaketime, preloaded, reads the shift from a file. Timers keep their pace. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from './lab-error.ts'

const libraryName = 'faketime/libfaketimeMT.so.1'

/** Where the shift of a node stands, below its folder. */
export const clockFileName = 'clock'

/** `+31d`, `-2h`, `+0`: what libfaketime reads. */
const shift = /^[+-]\d{1,9}[smhdwy]?$/

/** @throws LabError `usage` unless it is a shift such as `+31d` */
export function checkShift(text: string): string {
  if (shift.test(text)) return text
  throw new LabError('usage', 'clock.shift', `wanted a shift such as +31d, -2h or +0, found ${JSON.stringify(text)}`)
}

/**
 * What a node needs in its environment so that its clock can be moved while it runs: no cache, or a change is seen only after
 * ten seconds; the monotonic clock left alone, or pending timers go off early.
 *
 * @param nodeRoot folder of the node, which must exist
 * @throws LabError `usage` when libfaketime is not installed
 */
export function movableClock(nodeRoot: string, start: string): Readonly<Record<string, string>> {
  const file = join(nodeRoot, clockFileName)
  const library = findLibrary()
  if (library === undefined) throw new LabError('usage', 'clock.unavailable', `--movable-clock needs libfaketime (${libraryName}); install the package faketime, or leave the option out and use short validity`)
  setClock(nodeRoot, start)
  return { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}

/** Moves the clock of a running node; a node that is stopped starts with it. */
export function setClock(nodeRoot: string, text: string): void {
  writeFileSync(join(nodeRoot, clockFileName), `${checkShift(text)}\n`)
}

function findLibrary(): string | undefined {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'].filter((folder) => existsSync(folder))
  const candidates = folders.flatMap((folder) => [folder, ...readdirSync(folder).filter((name) => name.includes('linux')).map((name) => join(folder, name))])
  return candidates.map((folder) => join(folder, libraryName)).find((file) => existsSync(file))
}

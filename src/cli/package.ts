/** Which version of siplab this is, and how another process of it is started. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../topology/package-folder.ts'

/**
 * V8 reads this one only when it starts, so the door cannot set it for itself: on a machine with much memory the young
 * generation would grow to 128 MB, under any load (docs/decisions/0064).
 */
export const heapFlags: readonly string[] = ['--max-semi-space-size=16']

/** The program and its first arguments with which another process of siplab is started. */
export const launcher: readonly [string, ...string[]] = [
  process.execPath,
  ...heapFlags,
  join(packageFolder, 'src', 'cli', 'siplab.mjs'),
]

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return version
}

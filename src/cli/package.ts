/** Which version of siplab this is, and how another process of it is started. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../topology/package-folder.ts'

/**
 * V8 reads this flag only when it starts, so `siplab.mjs` cannot set it for its own process. Without it the young
 * generation may grow to 128 MB on a machine with 24 GB (docs/decisions/0064).
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

/** Which version of siplab this is, and how another process of it is started. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../topology/package-folder.ts'

/** The program and its first argument with which another node of this lab is started. */
export const launcher: readonly [string, string] = [process.execPath, join(packageFolder, 'src', 'cli', 'siplab.mjs')]

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return version
}

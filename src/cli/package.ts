/** Where this installation of siplab stands and which version it is. `src/cli` and `dist/cli` lie equally deep. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, config/ and scenarios/. */
const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The program and its first argument with which another node of this lab is started. */
export const launcher: readonly [string, string] = [process.execPath, join(packageFolder, 'src', 'cli', 'siplab.mjs')]

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return version
}

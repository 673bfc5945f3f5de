/**
 * Builds tap with the plugins that package.json chooses, so that `npx tap FILE` works right after `npm ci`. npm runs
 * this (`dependencies`) where it has changed node_modules of this repository, never where siplab is a dependency.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const tap = join(import.meta.dirname, '..', 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
if (existsSync(tap)) process.exitCode = spawnSync(process.execPath, [tap, 'build'], { stdio: 'inherit' }).status ?? 1
else console.error('no tap is installed (npm ci --omit=dev): nothing to build')

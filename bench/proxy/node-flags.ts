/** The flags of Node with which every process of siplab runs, for programs of the bench that are compared with one. */
import { readFileSync } from 'node:fs'
import { heapFlags } from '../../src/cli/package.ts'

/** What the door sets is read from its text: it cannot be imported without starting siplab. */
const door = readFileSync(new URL('../../src/cli/siplab.mjs', import.meta.url), 'utf8')

/** `--max-semi-space-size=16`, `--no-maglev` and so on. */
export const nodeFlags: readonly string[] = [
  ...heapFlags,
  ...[...door.matchAll(/setFlagsFromString\('(--[^']+)'\)/g)].map(([, flag = '']) => flag),
]

/**
 * Runs the commands that `siplab explain` prints to show a cause in a lab: `node scripts/explain-reproduce.ts [--every
 * N]`. Exit status 0 when every `break` names its cause.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { namedInLab, reproduce, reproducible } from '../src/explain/reproduce.ts'
import { hasMovableClock } from '../src/lab/clock.ts'
import type { VerdictCode } from '../src/verdicts/codes.ts'

const door = resolve(import.meta.dirname, '..', 'src', 'cli', 'siplab.mjs')
const { values } = parseArgs({ options: { every: { type: 'string', default: '8' } } })
const chosen = reproducible.filter((_, index) => index % Number(values.every) === 0)
const folder = mkdtempSync(join(tmpdir(), 'siplab-reproduce-'))

/** `siplab break 'director->fe1' cut` as arguments. */
function run(command: string): { readonly status: number | null; readonly text: string } {
  const args = command.replaceAll("'", '').split(' ').slice(1)
  const { status, stdout, stderr } = spawnSync(process.execPath, [door, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 90_000,
  })
  return { status, text: `${stdout}${stderr}` }
}

let failed = 0

/** Every cause that this lab shows, one after the other. */
function showIn(up: string, codes: readonly VerdictCode[]): void {
  const { status, text } = run(`${up} --detach`)
  if (status !== 0) throw new Error(`${up}: ${text}`)
  for (const code of codes) show(code)
  run('siplab down')
}

function show(code: VerdictCode): void {
  const [, command = ''] = reproduce(code)
  const { status, text } = run(command)
  const good = status === 0 && text.includes(namedInLab(code))
  if (!good) failed += 1
  console.log(`${good ? 'ok' : 'NOT OK'} ${code}: ${command}${good ? '' : `\n${text.slice(0, 600)}`}`)
  const [, , target = 'director'] = command.replaceAll("'", '').split(' ')
  run(`siplab heal ${target}`)
}

const labs = Map.groupBy(chosen, (code) => reproduce(code)[0] ?? '')
try {
  for (const [up, codes] of labs) {
    if (up.includes('--movable-clock') && !hasMovableClock()) {
      console.log(`skipped ${codes.join(', ')}: libfaketime is not installed`)
      continue
    }
    showIn(up, codes)
  }
} finally {
  run('siplab down')
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${chosen.length - failed} of ${chosen.length} causes shown`)
process.exitCode = failed === 0 ? 0 : 1

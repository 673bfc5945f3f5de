/**
 * `npm run properties [-- --rounds 10 --seed 1 --json]`: the tests by properties with many seeds, from SEED on;
 * `npm test` tries one. Exit status 1 when a test failed; the command that repeats it is printed.
 */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'

const root = resolve(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = wholeNumber('rounds', values.rounds)
const seed = wholeNumber('seed', values.seed)
/** One file takes seconds. */
const limitMs = 300_000

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0 && number < 2 ** 31) return number
  throw new RangeError(`--${name}: wanted a whole number from 1 on, found ${JSON.stringify(text)}`)
}

interface Failure {
  readonly command: string
  readonly output: string
}

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => readFileSync(resolve(root, file), 'utf8').includes('support/property.ts'))
  .toSorted()
const failures: Failure[] = []
for (let at = seed; at < seed + rounds; at++) {
  console.error(`seed ${at}, ${at - seed + 1} of ${rounds}: ${files.length} files`)
  for (const file of files) {
    const failure = await failureOf(file, at)
    if (failure === undefined) continue
    failures.push(failure)
    console.error(`FAILED: ${failure.command}\n${failure.output}`)
  }
}
if (values.json) console.log(JSON.stringify({ seed, rounds, files: files.length, failures }, undefined, 2))
else console.log(`${files.length} files, seeds ${seed} to ${seed + rounds - 1}: ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1

async function failureOf(file: string, at: number): Promise<Failure | undefined> {
  const environment = { SIPLAB_PROPERTY_SEED: String(at), TAP_TIMEOUT: '240' }
  try {
    await promisify(execFile)(process.execPath, ['--import=./test/support/compile-cache.ts', file], {
      cwd: root,
      env: { ...process.env, ...environment },
      timeout: limitMs,
      maxBuffer: 2 ** 26,
    })
    return undefined
  } catch (error) {
    const { stdout = '' } = error as { readonly stdout?: string }
    const failed = stdout.split('\n').filter((line) => /^\s*not ok/.test(line))
    return {
      command: `SIPLAB_PROPERTY_SEED=${at} node ${file}`,
      output: failed.length === 0 ? String(error) : failed.join('\n'),
    }
  }
}

/**
 * The matrix of real stacks: every fault of the catalogue against each stack, accepting and dialling, TLS 1.2 and 1.3.
 * Writes docs/survey.json, the tables of docs/survey.md, and what `explain` knows of it. A run of some stacks takes
 * their place in the file and leaves the others.
 * Run: node scripts/survey-matrix.ts [--stack NAME…] [--role acceptor|dialler] [--tls 1.2|1.3] [--fault SLUG…]
 *   [--print] [--pages]; --pages writes the tables anew from docs/survey.json.
 * With --fault or --print nothing is written. Exit status 1 when a run stopped, 75 when no program is installed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openGround } from '../src/survey/index.ts'
import { installed, matrixPrograms } from './stacks/index.ts'
import { closePhoneDns } from './stacks/phones.ts'
import type { Program } from './stacks/stack.ts'
import { merged, readMatrix, writeMatrix, type Matrix, type MatrixRun } from './survey-matrix/document.ts'
import { runMatrix, type Wanted } from './survey-matrix/run.ts'
import { writePages } from './survey-matrix/page.ts'

const { values } = parseArgs({
  options: {
    stack: { type: 'string', multiple: true },
    role: { type: 'string' },
    tls: { type: 'string' },
    fault: { type: 'string', multiple: true },
    print: { type: 'boolean', default: false },
    pages: { type: 'boolean', default: false },
  },
})
const file = resolve(import.meta.dirname, '../docs/survey.json')
const atOnce = 4

async function main(): Promise<number> {
  if (values.pages) {
    writePages(readMatrix(file))
    return 0
  }
  const { there, missing } = installed<Program>(matrixPrograms)
  for (const { name, why } of missing) console.log(`skipped: ${name}: ${why}`)
  const wanted = there.flatMap(wantedOf)
  if (wanted.length === 0) return 75
  const runs = await runAll(wanted)
  for (const run of runs) console.log(summaryOf(run))
  if (!values.print && values.fault === undefined) keep(runs, missing)
  return runs.some(({ stopped }) => stopped !== undefined) ? 1 : 0
}

function wantedOf(program: Program): readonly Wanted[] {
  if (values.stack !== undefined && !values.stack.includes(program.name)) return []
  const roles = (['acceptor', 'dialler'] as const).filter(
    (role) => (values.role ?? role) === role && (role === 'acceptor' ? program.accept : program.dial) !== undefined,
  )
  const versions = (['1.2', '1.3'] as const).filter((tls) => (values.tls ?? tls) === tls)
  return roles.flatMap((role) =>
    versions.map((tls) => ({ program, role, tls, ...(values.fault === undefined ? {} : { only: values.fault }) })),
  )
}

async function runAll(wanted: readonly Wanted[]): Promise<readonly MatrixRun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-matrix-'))
  const runs: MatrixRun[] = []
  try {
    const ground = openGround(join(folder, 'ground'), Date.now())
    const queue = wanted.values()
    const worker = async (): Promise<void> => {
      for (const each of queue) {
        const run = await runMatrix(each, ground, folder).catch(asError)
        if (run instanceof Error) console.log(`no run: ${each.program.name}, ${each.role}, ${each.tls}: ${run.message}`)
        else runs.push(run)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    return runs
  } finally {
    await closePhoneDns()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

function asError(error: unknown): Error {
  if (error instanceof Error) return error
  throw error
}

function summaryOf({ version, role, tls, trials, seconds, stopped }: MatrixRun): string {
  const count = (kind: string): number => trials.filter(({ outcome }) => outcome === kind).length
  const lines = [
    `${version}, ${role}, TLS ${tls}: ${count('accepted')} accepted, ${count('refused')} refused, ` +
      `${count('unclear')} unclear, ${count('cannot')} cannot, ${seconds} s`,
    ...(stopped === undefined ? [] : [`  stopped: ${stopped}`]),
    ...(values.print || values.fault !== undefined
      ? trials.map((each) => `  ${each.fault}: ${each.outcome} ${each.how ?? ''}: ${each.siplab} <> ${each.stack}`)
      : []),
  ]
  return lines.join('\n')
}

function keep(runs: readonly MatrixRun[], missing: readonly { readonly name: string; readonly why: string }[]): void {
  const [processor] = cpus()
  const matrix: Matrix = {
    matrix: 1,
    command: 'node scripts/survey-matrix.ts',
    processor: `${processor?.model ?? 'unknown'}, ${cpus().length} cores`,
    runs: [
      ...merged(
        readMatrix(file),
        runs,
        matrixPrograms.map(({ name }) => name),
      ),
    ],
    missing: [
      ...missing.map(({ name, why }) => ({ program: name, role: 'both' as const, why })),
      ...matrixPrograms.flatMap(({ name, acceptsNot }: Program) =>
        acceptsNot === undefined ? [] : [{ program: name, role: 'acceptor' as const, why: acceptsNot }],
      ),
    ],
  }
  writeMatrix(file, matrix)
  writePages(matrix)
}

process.exitCode = await main()

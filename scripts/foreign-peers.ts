/**
 * Real TLS stacks against siplab: a fault at either end, siplab dialling and dialled; says how many answers name the
 * true cause. Run: node scripts/foreign-peers.ts [--all] [--only STACK] [--fault SLUG] [--write FILE] [--verbose].
 * Without --all a fault meets a stack with one of the two TLS versions.
 * Exit status 1 when a single cause was stated that is false.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeCases } from './foreign-peers/cases.ts'
import { fakeTime } from './stacks/program.ts'
import { report } from './foreign-peers/report.ts'
import type { Row } from './foreign-peers/score.ts'
import { installed, stacks as allStacks } from './stacks/index.ts'
import type { Stack } from './stacks/stack.ts'
import { runsOf, type Run } from './foreign-peers/ways.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    fault: { type: 'string' },
    all: { type: 'boolean', default: false },
    write: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'siplab-foreign-'))
  try {
    const { there, missing } = installed<Stack>(allStacks)
    const stacks = there.filter(({ name }) => values.only === undefined || values.only === name)
    for (const { name, why } of missing) console.log(`skipped: ${name}: ${why}`)
    if (fakeTime === undefined) console.log('skipped: clock-ahead: libfaketime is not installed')
    const cases = makeCases(join(folder, 'cases'), Date.now()).filter(
      ({ slug, judge }) => (values.fault ?? slug) === slug && (fakeTime !== undefined || judge.clock === undefined),
    )
    const runs = stacks.flatMap((stack, at) =>
      cases.flatMap((which, index) =>
        (['1.2', '1.3'] as const)
          .filter((_version, odd) => values.all || (at + index) % 2 === odd)
          .flatMap((version) => runsOf(stack, which, version)),
      ),
    )
    const { rows, unmet } = await play(runs, folder)
    const text = report(
      rows,
      unmet,
      stacks.map(({ version }) => version()),
      missing,
    )
    console.log(text.summary)
    if (values.write !== undefined) writeFileSync(values.write, text.page)
    return rows.some(({ falseSingle }) => falseSingle) || rows.length === 0 ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** Some at once: a run waits more than it works. */
async function play(
  runs: readonly Run[],
  folder: string,
): Promise<{ readonly rows: readonly Row[]; readonly unmet: readonly string[] }> {
  const rows: Row[] = []
  const unmet: string[] = []
  const queue = runs.entries()
  const worker = async (): Promise<void> => {
    for (const [index, run] of queue) {
      const own = join(folder, `run-${index}`)
      mkdirSync(own)
      const result = await run.play(own).catch((error: unknown) => {
        // A program that does not start says nothing about siplab; the others go on.
        if (error instanceof Error) return error
        throw error
      })
      if (result instanceof Error) console.log(`no run ${run.title}: ${result.message.slice(0, 300)}`)
      if (result === 'accepted' || result instanceof Error) {
        unmet.push(run.title)
        continue
      }
      rows.push(result)
      if (values.verbose || result.falseSingle || !result.inFirstThree)
        console.log(
          `${mark(result)} ${run.title}: ${result.code ?? 'all well'} [${result.causes.slice(0, 4).join(', ')}]`,
        )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return { rows, unmet }
}

const atOnce = 3

function mark({ falseSingle, inFirstThree }: Row): string {
  if (falseSingle) return 'FALSE'
  return inFirstThree ? 'named' : 'open '
}

process.exitCode = await main()

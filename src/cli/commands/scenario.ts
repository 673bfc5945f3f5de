/** `siplab scenario list, run`: stories with expectations, played in a lab of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { wantedOneOf } from '../../topology/nearest-name.ts'
import { requireWritable } from '../named-file.ts'
import { composeDriver } from '../../lab/containers/driver.ts'
import { labOf, loadScenario, scenarioNames, type Scenario } from '../../lab/scenario/load.ts'
import { localDriver } from '../../lab/scenario/local-driver.ts'
import { htmlReport } from '../../lab/scenario/report-html.ts'
import { junitReport } from '../../lab/scenario/report-junit.ts'
import { runScenario, type ScenarioResult, type StepResult } from '../../lab/scenario/run.ts'
import { transcript } from '../../lab/scenario/transcript.ts'
import { answer, common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'
import { runInProcess } from '../in-process.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { launcher } from '../package.ts'
import { chooseTopology, readLoopbackNetwork } from '../topology-options.ts'
import { type ChaosCommandOptions, chaosName, runChaos } from './scenario-chaos.ts'
import { withPath } from '../../verdicts/machine-limit.ts'

interface RunCommandOptions extends CommonOptions, ChaosCommandOptions {
  readonly all?: true
  readonly keep?: true
  readonly report: readonly ReportKind[]
  readonly output?: string
  readonly transcript?: string
}

const reportKinds = ['junit', 'json', 'html'] as const
type ReportKind = (typeof reportKinds)[number]

export const scenarioCommand: RegisterCommand = (program, context) => {
  const { io } = context
  const scenario = program
    .command('scenario')
    .summary('play scenarios and check their expectations')
    .description('Plays scenarios, each in a lab of its own, and checks their expectations.')
  common(
    scenario.command('list').summary('list the shipped scenarios').description('Lists the shipped scenarios.'),
    'siplab scenario list',
  ).action((options: CommonOptions) => list(io, options))
  const run = scenario
    .command('run [NAME...]')
    .summary('play scenarios one after the other')
    .description(
      'Plays scenarios one after the other. NAME is one of siplab scenario list, or the path of a file. ' +
        'chaos puts faults chosen by --seed on a lab under load; it must be the only NAME.',
    )
    .option('--all', 'play every shipped scenario')
    .option('--keep', 'keep the folders of the labs')
    .option('--network <N>', 'use only 127.0.N.0/24')
    .addOption(
      new Option('--report <KIND>', 'write a report; may be given several times')
        .choices(reportKinds)
        .argParser(readReport)
        .default([]),
    )
    .option('--output <FILE>', 'write the report to FILE (default: scenarios.xml, .json or .html)')
    .option(
      '--transcript <FILE>',
      'write JSON lines without times, serials and addresses, to compare two runs with diff',
    )
  withChaos(run)
  common(run, 'siplab scenario run trial-certificate-expiry').action(
    (names: readonly string[], options: RunCommandOptions) =>
      names.length === 1 && names[0] === chaosName ? runChaos(context, options) : runAll(context, names, options),
  )
}

function withChaos(run: Command): void {
  run
    .option('--seed <N>', 'chaos: choose faults by this number; the same number chooses the same faults (default: 1)')
    .option('--minutes <N>', 'chaos: begin no fault after N minutes (default: 2)')
    .option('--schedule <TEXT>', 'chaos: play these faults: "kill fe1 + cut fe1->fe2 for 5; silent dns for 3"')
    .option('--topology <FILE>', 'chaos: use this lab file, name or path (default: edge-pool)')
    .option('--users <N>', 'chaos: sign in N users (default: 12)')
    .option('--tries <N>', 'chaos: if something was lost, try N shorter schedules (default: 6)')
}

function list(io: Io, options: CommonOptions): void {
  const all = scenarioNames().map((name) => loadScenario(name))
  answer(
    io,
    options,
    all.map(({ name, family, topology, story, steps, options: wants }) => ({
      name,
      family,
      topology,
      movableClock: wants.movableClock,
      steps: steps.length,
      story: story.trim(),
    })),
    () =>
      table(
        ['SCENARIO', 'FAMILY', 'TOPOLOGY', 'STORY'],
        all.map(({ name, family, topology, story }) => [name, family, topology, firstSentence(story)]),
      ),
  )
}

async function runAll(context: CommandContext, names: readonly string[], options: RunCommandOptions): Promise<void> {
  const { io, finish } = context
  const scenarios = chosen(names, options)
  if (options.network !== undefined) readLoopbackNetwork(options.network)
  for (const kind of options.report)
    requireWritable(io, '--output', options.output ?? `scenarios.${endings[kind]}`, 'folders-are-made')
  requireWritable(io, '--transcript', options.transcript, 'folders-are-made')
  if (options.output !== undefined && options.report.length !== 1)
    throw new UsageError(`--output needs exactly one --report, found ${options.report.length}`)
  const giveUp = new AbortController()
  const stopListening = io.onInterrupt(() => giveUp.abort())
  const results: ScenarioResult[] = []
  try {
    for (const each of scenarios)
      if (!giveUp.signal.aborted) results.push(await play(context, each, options, giveUp.signal))
  } finally {
    stopListening()
  }
  writeReports(io, options, results)
  answer(io, options, { scenarios: results.map(({ events: _events, stops: _stops, ...result }) => result) }, () =>
    resultTable(io, results),
  )
  if (giveUp.signal.aborted || results.some(({ outcome }) => outcome === 'failed')) finish(1)
}

function readReport(value: string, all: readonly ReportKind[]): readonly ReportKind[] {
  const kind = reportKinds.find((each) => each === value)
  if (kind === undefined) throw new UsageError(wantedOneOf('--report', value, reportKinds))
  return [...all, kind]
}

const endings = { junit: 'xml', json: 'json', html: 'html' } as const

function writeReports(
  io: Io,
  { report, output, transcript: transcriptFile }: RunCommandOptions,
  results: readonly ScenarioResult[],
): void {
  for (const kind of report) write(io, output ?? `scenarios.${endings[kind]}`, reportText(kind, results))
  if (transcriptFile !== undefined)
    write(
      io,
      transcriptFile,
      results
        .flatMap(transcript)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    )
}

function reportText(kind: ReportKind, results: readonly ScenarioResult[]): string {
  switch (kind) {
    case 'junit':
      return junitReport(results)
    case 'html':
      return htmlReport(results, new Date().toISOString())
    case 'json':
      return `${JSON.stringify({ scenarios: results }, undefined, 2)}\n`
    default:
      return kind satisfies never
  }
}

function write(io: Io, name: string, content: string): void {
  const file = resolve(io.workingFolder, name)
  mkdirSync(dirname(file), { recursive: true })
  withPath(file, () => writeFileSync(file, content))
  io.err(`wrote ${file}\n`)
}

function chosen(names: readonly string[], { all }: RunCommandOptions): readonly Scenario[] {
  if (all === true && names.length > 0) throw new UsageError('names of scenarios and --all exclude each other')
  const wanted = all === true ? scenarioNames() : names
  if (wanted.length === 0)
    throw new UsageError('wanted the name of a scenario, or --all; siplab scenario list shows them')
  if (wanted.includes(chaosName))
    throw new UsageError(`${chaosName} must be the only NAME, found ${wanted.length} names`)
  return wanted.map((name) => loadScenario(name))
}

async function play(
  { io, run }: CommandContext,
  scenario: Scenario,
  options: RunCommandOptions,
  signal: AbortSignal,
): Promise<ScenarioResult> {
  const { topology, source } = chooseTopology(io, labOf(scenario))
  const own = options.data === undefined ? mkdtempSync(join(tmpdir(), 'siplab-scenario-')) : undefined
  const data = own === undefined ? resolve(io.workingFolder, options.data ?? '.', scenario.name) : join(own, 'lab')
  const place = {
    environment: io.environment,
    keep: options.keep === true || options.data !== undefined,
    ...(options.network === undefined ? {} : { network: readLoopbackNetwork(options.network) }),
    onProgress: (line: string) => io.err(`${paint(io.colours.err, 'dim', `  ${line}`)}\n`),
  }
  const driver =
    options.lab === 'compose'
      ? composeDriver({ ...place, folder: data })
      : localDriver({ ...place, launcher, data, command: (args) => runInProcess(run, io, args) })
  io.err(`${paint(io.colours.err, 'bold', scenario.name)}: ${firstSentence(scenario.story)}\n`)
  const result = await runScenario(scenario, {
    driver,
    topology,
    source,
    signal,
    environment: io.environment,
    onStep: (step) => io.err(stepLine(io, scenario, step)),
  })
  if (own !== undefined && options.keep !== true) rmSync(own, { recursive: true, force: true })
  if (result.because !== undefined) io.err(`  ${result.outcome}: ${result.because}\n`)
  return result
}

const marks = { passed: ['green', 'ok  '], failed: ['red', 'FAIL'], skipped: ['dim', '-   '] } as const

function stepLine(
  io: Io,
  { file }: Scenario,
  { kind, outcome, text, tookMs, wanted, found, next, line, told = [] }: StepResult,
): string {
  if (kind === 'say') return outcome === 'skipped' ? '' : `${paint(io.colours.err, 'italic', `  ${text}`)}\n`
  const [colour, mark] = marks[outcome]
  const took = tookMs >= 100 ? paint(io.colours.err, 'dim', ` (${(tookMs / 1000).toFixed(1)} s)`) : ''
  const head = `  ${paint(io.colours.err, colour, mark)} ${text}${took}\n`
  if (outcome !== 'failed') return `${head}${told.map((each) => `       ${each}\n`).join('')}`
  return (
    `${head}       ${file}:${line}\n       wanted ${wanted}\n       found  ${found}\n` +
    `${next === undefined ? '' : `       look at ${next}\n`}`
  )
}

function resultTable(io: Io, results: readonly ScenarioResult[]): string {
  const rows = results.map(({ name, outcome, tookMs, steps, because }) => {
    const failed = steps.find((step) => step.outcome === 'failed')
    const why = because ?? (failed === undefined ? '' : `line ${failed.line}: ${failed.text}`)
    return [
      name,
      paint(io.colours.out, outcome === 'passed' ? 'green' : outcome === 'failed' ? 'red' : 'yellow', outcome),
      `${(tookMs / 1000).toFixed(1)} s`,
      String(steps.length),
      why,
    ]
  })
  const count = (outcome: string): number => results.filter((result) => result.outcome === outcome).length
  return (
    `${table(['SCENARIO', 'OUTCOME', 'TIME', 'STEPS', 'WHY'], rows)}${count('passed')} passed, ` +
    `${count('failed')} failed, ${count('skipped')} skipped\n`
  )
}

function firstSentence(story: string): string {
  const text = story.trim().replaceAll(/\s+/g, ' ')
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text
}

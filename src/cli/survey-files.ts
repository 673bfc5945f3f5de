/** `siplab survey root` and `siplab survey compare`: what reads and writes files and dials no one. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import {
  compareSurveys,
  comparisonText,
  installSteps,
  openGround,
  type Steps,
  type Survey,
  surveySchema,
} from '../survey/index.ts'
import { readNamed } from './named-file.ts'
import { answer, type CommandContext, common, type CommonOptions } from './command.ts'
import type { Io } from './io.ts'
import { groundFolder } from './survey-setup.ts'
import { UsageError } from './usage-error.ts'

const ends = [
  ...['kamailio', 'haproxy', 'nginx', 'stunnel', 'asterisk', 'siplab', 'openssl', 'java', 'windows', 'phone'],
] as const

export function rootCommand(survey: Command, { io }: CommandContext): void {
  const command = survey
    .command('root')
    .summary('make the root certificate of a survey, or print it')
    .description(
      'Makes the root certificate of a survey if there is none, prints it, and says how to install and remove it. ' +
        'Remove it from your machines when the survey is over, because its private key is on this machine.',
    )
    .option('--root <DIR>', 'folder that holds the root certificate of the survey (default: .siplab/survey)')
    .addOption(new Option('--for <END>', 'print only the steps for this software or device').choices(ends))
  common(command, 'siplab survey root --for kamailio').action(
    (options: CommonOptions & { readonly root?: string; readonly for?: string }) => {
      const ground = openGround(groundFolder(io, options), Date.now())
      const fingerprint = ground.root.fingerprint.replaceAll(':', '')
      const steps = installSteps(ground.rootFile, fingerprint).filter(({ name }) => (options.for ?? name) === name)
      const ended = ground.root.validToDate.toISOString()
      answer(
        io,
        options,
        {
          root: ground.rootFile,
          crls: ground.crlFile,
          fingerprint,
          validTo: ended,
          pem: ground.root.toString(),
          steps,
        },
        () =>
          `${ground.root.toString()}\nRoot: ${ground.rootFile} (until ${ended.slice(0, 10)})\n` +
          `CRLs, for revoked certificates (survey dial --crls): ${ground.crlFile}\n\n` +
          steps.map(stepsText).join('\n'),
      )
    },
  )
}

function stepsText({ title, install, remove }: Steps): string {
  const lines = (list: readonly string[]): string => list.map((line) => `    ${line}\n`).join('')
  return `${title}\n  install:\n${lines(install)}  remove, when the survey is over:\n${lines(remove)}`
}

export function compareCommand(survey: Command, { io, finish }: CommandContext): void {
  const command = survey
    .command('compare <BEFORE> <AFTER>')
    .summary('compare two surveys')
    .description(
      'Compares two files of --report json, for example from before and after an upgrade. Exit status 1 when the ' +
        'server or phone now accepts a fault that it refused before.',
    )
  common(command, 'siplab survey compare before.json after.json').action(
    (before: string, after: string, options: CommonOptions) => {
      const comparison = compareSurveys(readSurvey(io, before), readSurvey(io, after))
      answer(io, options, comparison, () => comparisonText(comparison))
      finish(comparison.worse.length === 0 ? 0 : 1)
    },
  )
}

function readSurvey(io: Io, name: string): Survey {
  const file = resolve(io.workingFolder, name)
  const text = readNamed(io, name, name, 'a file of siplab survey --report json').toString('utf8')
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new UsageError(`${file}: wanted a survey as JSON, found ${cause.message}`, { cause })
  }
  // What the report adds for readers is made anew from the survey itself.
  const { totals: _totals, accepted: _accepted, expected: _expected, ...document } = Object(content)
  const survey = surveySchema.safeParse(document)
  if (survey.success) return survey.data
  const [issue] = survey.error.issues
  throw new UsageError(
    `${file}: wanted a file of siplab survey --report json, found another document` +
      `${issue === undefined ? '' : ` (${[...issue.path, issue.message].join(': ')})`}`,
  )
}

/** The tables of docs/survey.md, and src/peers/surveyed-stacks.ts for `explain`: both from docs/survey.json. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { faults } from '../../src/faults/catalogue/index.ts'
import type { SurveyedStack } from '../../src/peers/stack-survey.ts'
import { weigh } from '../../src/survey/severity.ts'
import type { VerdictCode } from '../../src/verdicts/codes.ts'
import type { Matrix, MatrixRun, MatrixTrial, Role } from './document.ts'

const root = resolve(import.meta.dirname, '../..')
export const marks = [
  '<!-- matrix: written by node scripts/survey-matrix.ts -->',
  '<!-- end of the matrix -->',
] as const
const roles = ['acceptor', 'dialler'] as const
const severities = ['critical', 'serious', 'remark'] as const

export function writePages(matrix: Matrix): void {
  const page = join(root, 'docs/survey.md')
  const text = readFileSync(page, 'utf8')
  const [before = '', rest = ''] = text.split(marks[0])
  const after = rest.split(marks[1])[1] ?? '\n'
  writeFileSync(page, `${before}${marks[0]}\n\n${matrixText(matrix)}\n\n${marks[1]}${after}`)
  const facts = join(root, 'src/peers/surveyed-stacks.ts')
  writeFileSync(facts, factsText(matrix))
  execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', facts], { stdio: 'pipe' })
}

/** The text between the marks of docs/survey.md. */
export function matrixText(matrix: Matrix): string {
  const { runs, missing, processor, command } = matrix
  const days = [...new Set(runs.map(({ at }) => at))].toSorted()
  const trials = runs.reduce((sum, run) => sum + run.trials.length, 0)
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0)
  return [
    `Made by \`${command}\` on ${days.join(' to ')}, ${processor}: ${runs.length} runs with`,
    `${trials} trials, ${seconds} s of run time, four runs at once.`,
    '',
    '| program | role | set | TLS | seconds |',
    '| --- | --- | --- | --- | --- |',
    ...rolesOf(runs).map(
      ([about, some]) =>
        `| ${about.version} | ${about.role} | ${about.set.replaceAll('|', '\\|')} | ` +
        `${some.map(({ tls }) => tls).join(', ')} | ${some.map((run) => run.seconds).join(', ')} |`,
    ),
    ...missing.map(({ program, role, why }) => `| ${program} | ${role === 'both' ? 'not run' : role} | ${why} | | |`),
    ...runs.flatMap(({ version, role, tls, stopped }) =>
      stopped === undefined ? [] : [`| ${version} | ${role} | stopped: ${stopped.replaceAll('|', '\\|')} | ${tls} | |`],
    ),
    '',
    '### What each does not notice',
    '',
    '| program | role | critical | serious | remark |',
    '| --- | --- | --- | --- | --- |',
    ...rolesOf(runs).flatMap(([about, some]) => overlookedText(about, some)),
    ...roles.flatMap((role) => [
      '',
      `### Every fault, as ${role}`,
      '',
      ...table(runs.filter((run) => run.role === role)),
    ]),
  ].join('\n')
}

/** Runs of one program in one role. */
function rolesOf(runs: readonly MatrixRun[]): readonly (readonly [MatrixRun, readonly MatrixRun[]])[] {
  return [...Map.groupBy(runs, ({ program, role }) => `${program}/${role}`).values()].flatMap((some) => {
    const [about] = some
    return about === undefined ? [] : [[about, some] as const]
  })
}

function overlookedText({ version, role }: MatrixRun, some: readonly MatrixRun[]): readonly string[] {
  const cells = severities.map((severity) => overlooked(some, severity).join(', '))
  return [`| ${version} | ${role} | ${cells.join(' | ')} |`]
}

/** Slugs of accepted faults, with the version where it is accepted under one only. */
function overlooked(some: readonly MatrixRun[], severity: string): readonly string[] {
  const found = Map.groupBy(
    some.flatMap(({ tls, trials }) =>
      trials
        .filter((trial) => trial.outcome === 'accepted' && trial.severity === severity)
        .map(({ fault }) => ({ fault, tls })),
    ),
    ({ fault }) => fault,
  )
  const versions = (fault: string): number =>
    some.filter(({ trials }) => trials.some((trial) => trial.fault === fault && trial.outcome !== 'cannot')).length
  return [...found].map(([fault, where]) =>
    where.length < versions(fault) ? `${fault} (TLS ${where.map(({ tls }) => tls).join(', ')})` : fault,
  )
}

function table(runs: readonly MatrixRun[]): readonly string[] {
  const programs = [...new Set(runs.map(({ program }) => program))]
  const tried = faults.filter(({ slug }) =>
    runs.some(({ trials }) => trials.some(({ fault, outcome }) => fault === slug && outcome !== 'cannot')),
  )
  return [
    `| fault | weight | ${programs.join(' | ')} |`,
    `| --- | --- | ${programs.map(() => '---').join(' | ')} |`,
    ...tried.map(({ slug }) => {
      const weight =
        runs.flatMap(({ trials }) => trials.find(({ fault }) => fault === slug)?.severity ?? [])[0] ?? 'good'
      const cells = programs.map((program) => {
        const own = runs.filter((run) => run.program === program)
        const seen = own.flatMap(({ trials }) => trials.find(({ fault }) => fault === slug) ?? []).map(cell)
        return [...new Set(seen)].length === 1 ? (seen[0] ?? '') : seen.join(' / ')
      })
      return `| ${slug} | ${weight} | ${cells.join(' | ')} |`
    }),
  ]
}

function cell({ outcome, how = '' }: MatrixTrial): string {
  switch (outcome) {
    case 'accepted':
      return '**accepted**'
    case 'refused':
      return how.replace('alert ', '')
    case 'unclear':
      return '?'
    case 'cannot':
      return '–'
    default:
      return outcome satisfies never
  }
}

/** What `explain` knows of each stack. */
export function stacksOf({ runs }: Matrix): readonly SurveyedStack[] {
  return [...Map.groupBy(runs, ({ program }) => program)].map(([name, some]) => ({
    name,
    version: some[0]?.version ?? name,
    day:
      some
        .map(({ at }) => at)
        .toSorted()
        .at(-1) ?? '',
    acceptor: codesOf(some, 'acceptor'),
    dialler: codesOf(some, 'dialler'),
  }))
}

function factsText(matrix: Matrix): string {
  return (
    '/** Written by `node scripts/survey-matrix.ts` from docs/survey.json; do not edit. */\n' +
    `export const surveyedStacks = ${JSON.stringify(stacksOf(matrix))} as const\n`
  )
}

/** Verdicts that a strict end gives and this stack does not, beyond remarks. */
function codesOf(runs: readonly MatrixRun[], role: Role): readonly VerdictCode[] {
  const some = runs.filter((run) => run.role === role)
  const slugs = new Set(
    some.flatMap(({ trials }) =>
      trials
        .filter(({ outcome, severity }) => outcome === 'accepted' && severity !== undefined && severity !== 'remark')
        .map(({ fault }) => fault),
    ),
  )
  const side = role === 'acceptor' ? 'client' : 'server'
  const codes = faults.flatMap((fault) => (slugs.has(fault.slug) ? (weigh(fault, side)?.verdict ?? []) : []))
  // Where a revoked certificate is taken, that CRLs are not read is said.
  const known = codes.includes('cert.revoked') ? codes.filter((code) => !code.startsWith('crl.')) : codes
  return [...new Set(known)]
}

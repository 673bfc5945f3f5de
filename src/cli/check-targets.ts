/** `siplab check --targets FILE`: every target of a file, once; with `--listen` again and again, for Prometheus. */
import { resolve } from 'node:path'
import { readNamed } from './named-file.ts'
import { csvReport, junitReport, type CheckReport } from '../check/index.ts'
import { type ListedTarget, readTargets } from '../check/targets.ts'
import { checkMetrics, type TargetResult } from '../metrics/check-metrics.ts'
import { exposition } from '../metrics/exposition.ts'
import type { Answer } from '../metrics/metrics-server.ts'
import { TargetWatch } from '../metrics/target-watch.ts'
import { systemClock } from '../sip/clock.ts'
import { writeReport } from './check-output.ts'
import { checkTarget, type CheckTargetOptions } from './check-target.ts'
import { readSeconds } from './duration.ts'
import type { ExitStatus } from './failure.ts'
import { paint, table, type Io } from './io.ts'
import { readListen, serveUntilInterrupt } from './listen.ts'
import { UsageError } from './usage-error.ts'

export interface TargetsOptions extends CheckTargetOptions {
  readonly targets: string
  readonly listen?: string
  readonly every?: string
  readonly report?: 'html' | 'junit' | 'json' | 'csv'
  readonly output?: string
  readonly json?: true
  readonly parallel: number
}

/** A probe of Prometheus waits ten seconds; a target that was checked just now is not dialled again. */
const freshMs = 5000
const usualEvery = '5m'
const mostParallel = 16

export async function checkTargets(io: Io, options: TargetsOptions): Promise<ExitStatus> {
  const listed = listedTargets(io, options.targets)
  if (options.parallel > mostParallel)
    throw new UsageError(`--parallel: wanted at most ${mostParallel} with --targets, found ${options.parallel}`)
  return options.listen === undefined ? once(io, listed, options) : watch(io, listed, options, options.listen)
}

function listedTargets(io: Io, name: string): readonly ListedTarget[] {
  const file = resolve(io.workingFolder, name)
  return readTargets(readNamed(io, '--targets', name).toString('utf8'), file)
}

/** Options of the command line count for every target; those of the file come before them. */
function checkOf(io: Io, { target, options: own }: ListedTarget, options: TargetsOptions): Promise<CheckReport> {
  const quiet: Io = { ...io, err: () => undefined, progress: undefined, colours: { out: false, err: false } }
  return checkTarget(quiet, target, { ...options, ...own })
}

async function once(io: Io, listed: readonly ListedTarget[], options: TargetsOptions): Promise<ExitStatus> {
  if (options.report === 'html') throw new UsageError('--report html: wanted junit, json or csv with --targets')
  const reports: CheckReport[] = []
  const waiting = [...listed.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, target] = next
      reports[at] = await checkOf(io, target, options)
    }
  }
  await Promise.all(Array.from({ length: options.parallel }, work))
  const document = { targets: reports }
  const rendered = render(options.report, reports, document)
  if (rendered !== undefined) writeReport(io, rendered, options)
  if (rendered === undefined || options.output !== undefined)
    io.out(options.json === true ? `${JSON.stringify(document)}\n` : overview(io, reports))
  return reports.every(({ ok }) => ok) ? 0 : 1
}

function render(kind: TargetsOptions['report'], reports: readonly CheckReport[], document: object): string | undefined {
  if (kind === 'csv') return csvReport(reports)
  if (kind === 'junit') return junitReport(...reports)
  return kind === 'json' ? `${JSON.stringify(document, undefined, 2)}\n` : undefined
}

function overview(io: Io, reports: readonly CheckReport[]): string {
  return table(
    ['TARGET', 'VERDICT', 'SEVERITY', 'CERTIFICATE UNTIL', 'WHY'],
    reports.map(({ target, code, ok, severity, steps, verdict }) => [
      target,
      paint(io.colours.out, ok ? 'green' : 'red', code),
      severity,
      String(steps.find(({ id }) => id === 'certificate')?.evidence['validUntil'] ?? ''),
      verdict?.found ?? verdict?.message ?? '',
    ]),
  )
}

async function watch(
  io: Io,
  listed: readonly ListedTarget[],
  options: TargetsOptions,
  listen: string,
): Promise<ExitStatus> {
  const place = readListen(listen)
  const watched = new TargetWatch({
    targets: listed.map((each) => ({ name: each.target, check: () => checkOf(io, each, options) })),
    clock: systemClock,
    everyMs: readSeconds('--every', options.every ?? usualEvery) * 1000,
    freshMs,
    parallel: Math.max(2, options.parallel),
    onResult: ({ target, report, error }) =>
      io.err(`${new Date().toISOString()} ${target}: ${error ?? report?.code ?? ''}\n`),
  })
  watched.start()
  try {
    return await serveUntilInterrupt(io, options, {
      ...place,
      pages: ['/metrics', ...listed.slice(0, 3).map(({ target }) => `/probe?target=${encodeURIComponent(target)}`)],
      answer: (path, query) => page(watched, path, query),
    })
  } finally {
    watched.stop()
  }
}

async function page(watched: TargetWatch, path: string, query: URLSearchParams): Promise<Answer> {
  if (path === '/metrics') return metricsOf(watched.results())
  if (path === '/probe') return probe(watched, query.get('target') ?? '')
  if (path !== '/') return { status: 404, text: 'wanted /metrics or /probe?target=\n' }
  const names = watched.results().map(({ target }) => `/probe?target=${encodeURIComponent(target)}\n`)
  return { status: 200, text: `/metrics\n${names.join('')}` }
}

async function probe(watched: TargetWatch, target: string): Promise<Answer> {
  const answer = await watched.probe(target)
  switch (answer.kind) {
    case 'unknown':
      return { status: 404, text: 'this target is not in the file of --targets\n' }
    case 'busy':
      return { status: 503, text: 'too many checks run at the same time (--parallel)\n', retryAfterSeconds: 5 }
    case 'result':
      return metricsOf([answer.result])
    default:
      return answer satisfies never
  }
}

async function metricsOf(results: readonly TargetResult[]): Promise<Answer> {
  return { status: 200, ...(await exposition(checkMetrics(results, Date.now()))) }
}

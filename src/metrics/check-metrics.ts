/** What a dashboard shows of checks: one verdict, the ends of all certificates, two times. */
import { allSteps, type CheckReport, type Step } from '../check/index.ts'
import type { Metric, Sample } from './exposition.ts'

/** The newest result of one target; neither report nor error: it was not checked yet. */
export interface TargetResult {
  readonly target: string
  readonly report?: CheckReport
  /** Why the check itself could not be done, e.g. a key file that is gone. */
  readonly error?: string
}

/** A certificate as a check saw it. */
interface SeenCertificate {
  readonly whose: 'theirs' | 'ours'
  /** 0: the leaf; its issuers follow. */
  readonly position: number
  readonly subject: string
  /** Milliseconds since 1970. */
  readonly notAfter: number
}

const dayMs = 86_400_000

/** @param now milliseconds since 1970: days left are counted at the moment of the scrape */
export function checkMetrics(results: readonly TargetResult[], now: number): readonly Metric[] {
  const done = results.filter(({ report, error }) => report !== undefined || error !== undefined)
  return [...verdictMetrics(done), ...certificateMetrics(done, now), ...timeMetrics(done)]
}

function verdictMetrics(results: readonly TargetResult[]): readonly Metric[] {
  return [
    {
      name: 'siplab_check_ok',
      help: '1 when a client gets in, 0 when a step failed',
      samples: results.map(({ target, report }) => ({ labels: { target }, value: report?.ok === true ? 1 : 0 })),
    },
    {
      name: 'siplab_check_verdict',
      help: 'Always 1; the label code is ok or the verdict of the first failure',
      samples: results.map(({ target, report }) => ({
        labels: { target, code: report?.code ?? 'check.not-done' },
        value: 1,
      })),
    },
  ]
}

function certificateMetrics(results: readonly TargetResult[], now: number): readonly Metric[] {
  const certificates = results.flatMap(({ target, report }) =>
    (report === undefined ? [] : certificatesOf(report)).map((seen) => ({ target, ...seen })),
  )
  const each = (value: (notAfter: number) => number): readonly Sample[] =>
    certificates.map(({ target, whose, position, subject, notAfter }) => ({
      labels: { target, whose, position: String(position), subject },
      value: value(notAfter),
    }))
  return [
    {
      name: 'siplab_certificate_days_left',
      help: 'Days until a certificate of the chain, or our own, expires; negative when it has',
      samples: each((notAfter) => Math.round(((notAfter - now) / dayMs) * 1000) / 1000),
    },
    {
      name: 'siplab_certificate_not_after_timestamp_seconds',
      help: 'When the certificate expires, seconds since 1970',
      samples: each((notAfter) => notAfter / 1000),
    },
  ]
}

function timeMetrics(results: readonly TargetResult[]): readonly Metric[] {
  const metric = (name: string, help: string, value: (report: CheckReport) => number | undefined): Metric => ({
    name,
    help,
    samples: results.flatMap(({ target, report }) => {
      const measured = report === undefined ? undefined : value(report)
      return measured === undefined ? [] : [{ labels: { target }, value: measured }]
    }),
  })
  return [
    metric('siplab_check_handshake_seconds', 'Time of the TLS handshake', handshakeSeconds),
    metric('siplab_check_options_seconds', 'Time until OPTIONS was answered', optionsSeconds),
    metric('siplab_check_duration_seconds', 'Time of the whole check', ({ ms }) => ms / 1000),
    metric(
      'siplab_check_timestamp_seconds',
      'When the target was checked, seconds since 1970',
      ({ at }) => Date.parse(at) / 1000,
    ),
  ]
}

function handshakeSeconds(report: CheckReport): number | undefined {
  const ms = find(report, 'tls')?.evidence['handshakeMs']
  return typeof ms === 'number' ? ms / 1000 : undefined
}

function optionsSeconds(report: CheckReport): number | undefined {
  const step = find(report, 'sip.options')
  return step?.outcome === 'ok' ? step.ms / 1000 : undefined
}

function find(report: CheckReport, id: string): Step | undefined {
  return allSteps(report.steps).find((step) => step.id === id)
}

function certificatesOf(report: CheckReport): readonly SeenCertificate[] {
  return [...endsOf(find(report, 'certificate'), 'theirs'), ...endsOf(find(report, 'own-certificate'), 'ours')]
}

/** The steps give subjects and ends as two lists of the same length, the leaf first. */
function endsOf(step: Step | undefined, whose: SeenCertificate['whose']): readonly SeenCertificate[] {
  const { path, pathUntil } = step?.evidence ?? {}
  if (!Array.isArray(path) || !Array.isArray(pathUntil)) return []
  return path.map((subject: string, position) => ({
    whose,
    position,
    subject,
    notAfter: Date.parse(String(pathUntil[position])),
  }))
}

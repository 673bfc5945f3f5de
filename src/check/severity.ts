/** How much a step of a report matters, for filters of other programs. */
import { severities, type Severity, type Step } from './step.ts'

/** Every client is shut out, whatever its trust list says. */
const forEveryone: ReadonlySet<string> = new Set([
  'cert.expired',
  'cert.not-yet-valid',
  'cert.revoked',
  'chain.expired',
  'key.mismatch',
  'link.refused',
  'dns.not-found',
])

/**
 * `critical`: no client gets in, or a stranger does; `high`: this client does not, or a certificate expires soon;
 * `medium`: a warning; `low`: a note; `info`: not tried.
 */
export function severityOf({ outcome, code, id }: Pick<Step, 'outcome' | 'code' | 'id'>): Severity {
  switch (outcome) {
    case 'failed':
      return forEveryone.has(code) || id.startsWith('borders') ? 'critical' : 'high'
    case 'warning':
      return code === 'cert.expires-soon' ? 'high' : 'medium'
    case 'note':
      return 'low'
    case 'not-tried':
      return 'info'
    case 'ok':
      return 'ok'
    default:
      return outcome satisfies never
  }
}

/** The highest of a list; `ok` when it is empty. */
export function worstSeverity(steps: readonly Pick<Step, 'outcome' | 'code' | 'id'>[]): Severity {
  const ranks = steps.map((step) => severities.indexOf(severityOf(step)))
  return severities[Math.max(0, ...ranks)] ?? 'ok'
}

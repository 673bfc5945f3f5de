/** Spans of time as people type them: `30s`, `31d`, `90m`. */
import { UsageError } from './usage-error.ts'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }

/** A certificate can name no day after 9999 (RFC 5280 §4.1.2.5). */
const mostSeconds = 1000 * 31_536_000

/**
 * `readSeconds('--valid', '30s')` is 30; a number alone counts seconds.
 *
 * @throws UsageError
 */
export function readSeconds(option: string, text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})([smhdwy])?$/.exec(text) ?? []
  const factor = units[unit]
  const found = `found ${JSON.stringify(text)}`
  if (digits === undefined || factor === undefined || Number(digits) === 0)
    throw new UsageError(`${option}: wanted a span such as 30s, 90m, 31d or 1y, ${found}`)
  const seconds = Number(digits) * factor
  if (seconds > mostSeconds) throw new UsageError(`${option}: wanted a span of 1000y at most, ${found}`)
  return seconds
}

/** `3 d`, `4 h`, `25 s`: one unit, rounded down. */
export function spanText(seconds: number): string {
  const abs = Math.abs(seconds)
  const [unit, factor] =
    abs >= 172_800
      ? (['d', 86_400] as const)
      : abs >= 7200
        ? (['h', 3600] as const)
        : abs >= 120
          ? (['min', 60] as const)
          : (['s', 1] as const)
  return `${Math.trunc(seconds / factor)} ${unit}`
}

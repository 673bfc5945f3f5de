/**
 * A run as JSON lines that are the same for every run that went the same way, here or in containers: what differs from
 * run to run (times, serials, addresses) has a stand-in.
 */
import type { ScenarioResult } from './run.ts'

export type TranscriptLine =
  | {
      readonly kind: 'scenario'
      readonly scenario: string
      readonly topology: string
      readonly outcome: string
      readonly because?: string
    }
  | {
      readonly kind: 'step'
      readonly scenario: string
      readonly line: number
      readonly step: string
      readonly text: string
      readonly outcome: string
      readonly found?: string
    }
  /** What a node logged with a verdict, each once, sorted: retries make their number a matter of luck. */
  | { readonly kind: 'node'; readonly scenario: string; readonly node: string; readonly logged: readonly string[] }

export function transcript(result: ScenarioResult): readonly TranscriptLine[] {
  const normal = normaliser()
  const { name, topology, outcome, because, steps, nodes } = result
  // Who came up before whom is a matter of luck.
  const events = result.events.filter(({ atMs }) => atMs >= (steps[0]?.atMs ?? 0))
  return [
    {
      kind: 'scenario',
      scenario: name,
      topology,
      outcome,
      ...(because === undefined ? {} : { because: normal(because) }),
    },
    ...steps.map(
      (step): TranscriptLine => ({
        kind: 'step',
        scenario: name,
        line: step.line,
        step: step.kind,
        text: normal(step.text),
        outcome: step.outcome,
        ...(step.outcome !== 'failed' || step.found === undefined ? {} : { found: normal(step.found) }),
      }),
    ),
    ...nodes.map(
      ({ name: node }): TranscriptLine => ({ kind: 'node', scenario: name, node, logged: loggedBy(node, events) }),
    ),
  ]
}

function loggedBy(node: string, events: ScenarioResult['events']): readonly string[] {
  const own = events.flatMap(({ event }) =>
    event.node === node && event.verdict !== undefined ? [`${event.event} ${event.verdict.code}`] : [],
  )
  return [...new Set(own)].sort()
}

/** Serials get numbers in the order in which they appear. */
function normaliser(): (text: string) => string {
  const serials = new Map<string, string>()
  const standIn = (serial: string): string => {
    const known = serials.get(serial) ?? `<serial ${serials.size + 1}>`
    serials.set(serial, known)
    return known
  }
  return (text) =>
    text
      .replaceAll(/\b[0-9a-f]{32}\b/g, standIn)
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
      .replaceAll(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?/g, '<address>')
      .replaceAll(/\b\d+(\.\d+)? (ms|s|min|h|d)\b/g, '<span>')
}

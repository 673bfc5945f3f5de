/**
 * Why a phone did not get in. A browser tells a page nothing about a certificate it refuses, so the page asks the other
 * end: the events of the node that listens there, and `siplab check` against the same address.
 */
import { askSlowly } from '../api.ts'
import type { CheckReport, NodeEvent, Step, Verdict } from '../documents.ts'
import { events } from '../live.ts'
import { failureOf } from '../loading.ts'
import type { WayIn } from './ways.ts'

export type Trouble =
  | { readonly kind: 'asking'; readonly what: string }
  /** The server answered, and said no. */
  | { readonly kind: 'refused'; readonly what: string }
  | {
      readonly kind: 'no-socket'
      readonly what: string
      readonly way: WayIn
      /** What the listening node says of a connection at that time; absent: nothing reached it. */
      readonly seen?: Verdict
      /** The first step of the check that is not all right. */
      readonly step?: Step
      /** Why the check gave no answer. */
      readonly checkFailed?: string
    }

const eventWithinMs = 5000
/** The events of a page that was just opened are still on their way. */
const firstEventWithinMs = 30_000

/** Number of the newest event of a node: later events have higher ones, whatever the clock of the node says. */
export function lastEvent({ node }: WayIn): number {
  return events.get().reduce((last, event) => (event.node === node ? Math.max(last, event.seq) : last), 0)
}

/** @param since `lastEvent` before the socket was asked for */
export async function askTheServer(error: unknown, way: WayIn, since: number): Promise<Trouble> {
  const what = error instanceof Error ? error.message : String(error)
  const { SocketError } = await import('./socket-line.ts')
  if (!(error instanceof SocketError)) return { kind: 'refused', what }
  const seen = await seenBy(way, since)
  const checked = await check(way)
  return { kind: 'no-socket', what, way, ...(seen === undefined ? {} : { seen }), ...checked }
}

/** The event of the node about a client that hung up, should there be one. */
async function seenBy(way: WayIn, since: number): Promise<Verdict | undefined> {
  const began = Date.now()
  for (;;) {
    const found = events.get().find((event) => isAbout(event, way, since))
    const withinMs = lastEvent(way) === 0 ? firstEventWithinMs : eventWithinMs
    if (found?.verdict !== undefined || Date.now() > began + withinMs) return found?.verdict
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function isAbout({ node, seq, verdict, connection = '' }: NodeEvent, way: WayIn, since: number): boolean {
  return node === way.node && seq > since && verdict !== undefined && connection.endsWith(`>${way.ip}:${way.port}`)
}

async function check({ host, port, ip }: WayIn): Promise<{ readonly step?: Step; readonly checkFailed?: string }> {
  try {
    const body = { target: `${host}:${port}`, transport: 'wss', address: ip }
    const { document } = await askSlowly<CheckReport>({ method: 'POST', path: '/api/check', body }, () => undefined)
    const step = firstTrouble(document.steps)
    return step === undefined ? {} : { step }
  } catch (error) {
    return { checkFailed: failureOf(error).message }
  }
}

function firstTrouble(steps: readonly Step[]): Step | undefined {
  for (const step of steps) {
    const found = firstTrouble(step.steps) ?? (step.outcome === 'failed' ? step : undefined)
    if (found !== undefined) return found
  }
  return undefined
}

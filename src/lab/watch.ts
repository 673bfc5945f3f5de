/** Watches the event files of a lab while a fault is put on, and joins what both ends wrote about the link it broke. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodeEvent } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { tailEvents } from './event-tail.ts'
import { type ConnectionEvent, isConnectionEvent, isSymptom, joinViews } from './join.ts'

/** What one end wrote about a connection. */
export interface View {
  readonly node: string
  readonly event: string
  readonly verdict: Verdict
}

export interface SeenVerdict {
  readonly verdict: Verdict
  /** Both ends', the one that knows the cause first. */
  readonly views: readonly View[]
}

export interface Watch {
  readonly events: () => readonly NodeEvent[]
  /** The joined verdicts of the links so far; waits until every link has one that names a cause, `withinMs` at most. */
  verdicts(links: readonly string[], withinMs: number): Promise<readonly SeenVerdict[]>
  stop(): void
}

const lookEveryMs = 25

/** Begins now: only what is written from here on counts. */
export function watchEvents(plan: LabPlan, labRoot: string): Watch {
  const events: NodeEvent[] = []
  const tails = plan.nodes.map(({ name }) =>
    tailEvents(nodeFolder(labRoot, name).events, 'end', (event) => events.push(event)),
  )
  const look = (): readonly NodeEvent[] => {
    for (const tail of tails) tail.flush()
    return events
  }
  return {
    events: look,
    async verdicts(links, withinMs) {
      // Looks are counted, not time: after a pause of the whole machine, the nodes get their turns too.
      for (let left = Math.ceil(withinMs / lookEveryMs); ; left -= 1) {
        const seen = links.flatMap((link) => newestOf(look(), link) ?? [])
        if ((seen.length === links.length && seen.every(isWhole)) || left <= 0) return seen
        await pause(lookEveryMs)
      }
    },
    stop() {
      for (const tail of tails) tail.stop()
    },
  }
}

/** The newest connection of a link that failed, preferring one whose cause is known. */
function newestOf(events: readonly NodeEvent[], link: string): SeenVerdict | undefined {
  const groups = Map.groupBy(
    events.filter(isConnectionEvent).filter((event) => isFailure(event)),
    ({ connection }) => connection,
  )
  const joined = [...groups.values()]
    .map((views) => seenOf(views as [ConnectionEvent, ...ConnectionEvent[]]))
    .filter(({ verdict }) => verdict.link === link)
  return joined.findLast(isWhole) ?? joined.at(-1)
}

function isFailure({ event }: NodeEvent): boolean {
  return event === 'flow.refused' || event === 'flow.lost'
}

function seenOf(views: [ConnectionEvent, ...ConnectionEvent[]]): SeenVerdict {
  const verdict = joinViews(views)
  const all = views.map(({ node, event, verdict: seen }) => ({ node, event, verdict: seen }))
  return {
    verdict,
    views: all.toSorted(
      (one, other) => Number(other.verdict.code === verdict.code) - Number(one.verdict.code === verdict.code),
    ),
  }
}

/** A cause, and the views of two ends. */
function isWhole({ verdict, views }: SeenVerdict): boolean {
  return !isSymptom(verdict.code) && views.length > 1
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

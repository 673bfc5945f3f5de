/** `siplab timeline CHAIN`: the peers that accept a chain, month by month. */
import type { Change } from '../peers/judge/changes.ts'
import { changesOf, firstBreaks } from '../peers/judge/changes.ts'
import type { DirectionName } from '../peers/judge/link.ts'
import type { Verdict } from '../peers/judge/check.ts'
import type { Presented } from '../peers/judge/presented.ts'
import { peerPolicies } from '../peers/index.ts'
import type { PeerPolicy } from '../peers/policy.ts'
import { paint, type Io, type Style } from './io.ts'

export interface ChainTimeline {
  readonly subject: string
  readonly from: string
  readonly until: string
  /** `2027-03`; the first day of each is judged, and every day on which something changes. */
  readonly months: readonly string[]
  readonly rows: readonly TimelineRow[]
}

interface TimelineRow {
  readonly peer: string
  readonly direction: DirectionName
  /** The worst of each month. */
  readonly verdicts: readonly Verdict[]
  readonly changes: readonly { readonly on: string; readonly verdict: Verdict; readonly what: readonly string[] }[]
  readonly firstBreak?: { readonly on: string; readonly because: string }
}

/** Drawn from the month of issue to the month after the end; a long chain by its last five years. */
const mostMonths = 60

export function chainTimeline(chain: Presented, policies: readonly PeerPolicy[] = peerPolicies): ChainTimeline {
  const from = dayOf(chain.leaf.notBefore.at)
  const until = dayOf(chain.leaf.notAfter.at)
  const months = monthsBetween(from, until)
  return {
    subject: chain.leaf.subject.text,
    from,
    until,
    months,
    rows: policies.flatMap((policy) => rowsOf(chain, policy, months)),
  }
}

function rowsOf(chain: Presented, policy: PeerPolicy, months: readonly string[]): readonly TimelineRow[] {
  const changes = changesOf({ chain, policy })
  const breaks = firstBreaks(changes)
  return (['we-serve', 'we-dial'] as const).flatMap((direction) => {
    const steps = changes.map(({ on, what, answer }) => ({ on, what, verdict: verdictIn(answer, direction) }))
    if (steps.every(({ verdict }) => verdict === 'not-used')) return []
    const first = breaks.find((each) => each.direction === direction)
    return [
      {
        peer: policy.name,
        direction,
        verdicts: months.map((month) => worstIn(month, steps)),
        changes: steps,
        ...(first === undefined ? {} : { firstBreak: { on: first.on, because: first.check.sentence } }),
      },
    ]
  })
}

function verdictIn({ directions }: Change['answer'], name: DirectionName): Verdict {
  return directions.find(({ direction }) => direction === name)?.verdict ?? 'not-used'
}

const order: readonly Verdict[] = ['not-used', 'stands', 'stands-with-warning', 'cannot-tell', 'breaks']

function worstIn(month: string, steps: readonly { readonly on: string; readonly verdict: Verdict }[]): Verdict {
  const before = steps.findLast(({ on }) => on <= `${month}-01`)
  const during = steps.filter(({ on }) => on.startsWith(month))
  const all = [...(before === undefined ? [] : [before]), ...during].map(({ verdict }) => verdict)
  return all.toSorted((one, other) => order.indexOf(other) - order.indexOf(one))[0] ?? 'not-used'
}

function monthsBetween(from: string, until: string): readonly string[] {
  const [year = 0, month = 1] = from.split('-').map(Number)
  const months: string[] = []
  for (let index = 0; ; index++) {
    const name = new Date(Date.UTC(year, month - 1 + index, 1)).toISOString().slice(0, 7)
    months.push(name)
    if (name > until.slice(0, 7)) return months.slice(-mostMonths)
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

const marks: Readonly<Record<Verdict, { readonly mark: string; readonly style: Style }>> = {
  stands: { mark: '=', style: 'green' },
  'stands-with-warning': { mark: '~', style: 'yellow' },
  breaks: { mark: 'x', style: 'red' },
  'cannot-tell': { mark: '?', style: 'magenta' },
  'not-used': { mark: ' ', style: 'dim' },
}

export function chainTimelineText(io: Io, { subject, from, until, months, rows }: ChainTimeline): string {
  const width = Math.max(...rows.map(({ peer, direction }) => peer.length + direction.length + 2))
  const drawn = rows.map(({ peer, direction, verdicts, firstBreak }) => {
    const line = verdicts.map((verdict) => paint(io.colours.out, marks[verdict].style, marks[verdict].mark)).join('')
    const end = firstBreak === undefined ? '' : `  ${firstBreak.on} ${firstBreak.because}`
    return `${`${peer}  ${direction}`.padEnd(width)}  ${line}${end}\n`
  })
  return [
    `${paint(io.colours.out, 'bold', subject || 'the certificate')}, ${from} to ${until}\n`,
    `One column per month from ${months[0] ?? from}: = works, ~ works with a warning, x breaks, ? not known\n\n`,
    ...drawn,
  ].join('')
}

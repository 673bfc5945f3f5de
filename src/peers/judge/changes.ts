/** The days on which a link changes, and the first on which it breaks. */
import { dayAfter, dayOf, type PeerPolicy } from '../policy.ts'
import { lastIssueOfAnyCa, type PublicAuthority, publicLifetimes } from '../programmes/authorities.ts'
import type { Check } from './check.ts'
import { rootEventsFor, shortName, validity } from './chain-checks.ts'
import { judgeLink, type DirectionName, type LinkAnswer, type LinkRequest } from './link.ts'
import type { Presented } from './presented.ts'

export interface Change {
  readonly on: string
  /** What happens on the day. */
  readonly what: readonly string[]
  readonly answer: LinkAnswer
}

/** Every day from the first of the chain to its last on which something changes, with the answer for that day. */
export function changesOf(request: Omit<LinkRequest, 'on'>): readonly Change[] {
  const happenings = [...chainDays(request.chain), ...periodDays(request.policy), ...rootDays(request)]
  const { since } = validity(request.chain.leaf)
  const last = endOf(request.chain)
  const days = [...new Set([dayOf(since), ...happenings.map(({ on }) => on)])].toSorted()
  return days
    .filter((day) => day >= dayOf(since) && day <= last)
    .map((on) => ({
      on,
      what: happenings.filter((each) => each.on === on).map(({ what }) => what),
      answer: judgeLink({ ...request, on }),
    }))
}

export interface FirstBreak {
  readonly direction: DirectionName
  readonly on: string
  readonly check: Check
}

/** For each direction the first day, from the beginning of the chain, on which it breaks, and by what. */
export function firstBreaks(changes: readonly Change[]): readonly FirstBreak[] {
  return (['we-serve', 'we-dial'] as const).flatMap((name) => {
    for (const { on, answer } of changes) {
      const found = answer.directions.find(({ direction }) => direction === name)
      const all = found === undefined ? [] : [...found.checks, ...(found.mirror.assumed ? [] : found.mirror.checks)]
      const check = all.find(({ outcome }) => outcome === 'breaks')
      if (check !== undefined) return [{ direction: name, on, check }]
    }
    return []
  })
}

interface Happening {
  readonly on: string
  readonly what: string
}

/** The first day on which the chain is no longer valid. */
function endOf({ leaf }: Presented): string {
  return endDay(validity(leaf).until)
}

/** A certificate that ends at noon is good on the morning of that day: the day after is the first without it. */
function endDay(until: number): string {
  return until % 86_400_000 === 0 ? dayOf(until) : dayAfter(dayOf(until))
}

function chainDays({ leaf, intermediates, root, authority }: Presented): readonly Happening[] {
  const { since, until } = validity(leaf)
  const above = [...intermediates, ...(root.certificate === undefined ? [] : [root.certificate])]
  return [
    { on: dayOf(since), what: 'our certificate is issued' },
    { on: endDay(until), what: 'our certificate has expired' },
    ...above.map((ca) => ({ on: endDay(validity(ca).until), what: `the CA ${shortName(ca)} has expired` })),
    ...authorityDays(authority, root.kind === 'public'),
    ...(root.kind === 'public'
      ? publicLifetimes.map(({ from, days }) => ({ on: from, what: `a renewal runs ${days} days at most` }))
      : []),
  ]
}

/** When a renewal loses clientAuth, with the mark of the source; the rule of Chrome where the CA gives no day. */
function authorityDays(authority: PublicAuthority | undefined, isPublic: boolean): readonly Happening[] {
  const { defaultOff, lastIssue, title = '', mark = '?', precision } = authority ?? {}
  const sure = `[${mark}${precision === undefined ? '' : `, the source names the ${precision}`}]`
  const days: Happening[] = []
  if (defaultOff !== undefined)
    days.push({ on: defaultOff, what: `${title} writes clientAuth only where it is asked for ${sure}` })
  if (lastIssue !== undefined)
    days.push({ on: dayAfter(lastIssue), what: `${title} writes clientAuth no longer: a renewal lacks it ${sure}` })
  else if (isPublic)
    days.push({
      on: dayAfter(lastIssueOfAnyCa),
      what: 'no CA in the store of Chrome writes clientAuth any longer: a renewal there lacks it [V]',
    })
  return days
}

function periodDays({ periods, title }: PeerPolicy): readonly Happening[] {
  return periods.flatMap(({ since, id, precision, note }) => {
    if (since === undefined) return []
    const when = precision === undefined ? '' : `, the source names the ${precision}`
    return [{ on: since, what: `${title} changes its rules (${id}${when})${note === undefined ? '' : `: ${note}`}` }]
  })
}

function rootDays({ chain, policy }: Omit<LinkRequest, 'on'>): readonly Happening[] {
  const issuers = policy.periods.flatMap(({ issuers: { value } }) => (value === 'unknown' ? [] : [value]))
  const [last] = issuers.slice(-1)
  if (last === undefined) return []
  return rootEventsFor(chain, last).map(({ on, mechanism, stores }) => ({
    on: mechanism === 'not-before' || mechanism === 'sct-after' ? dayAfter(on) : on,
    what: `${stores.join(', ')}: ${chain.root.name} ${mechanismWords[mechanism]}`,
  }))
}

const mechanismWords = {
  removed: 'is removed',
  disabled: 'is disabled',
  'not-before': 'is distrusted for what it issues from this day on',
  'sct-after': 'is distrusted for what is logged from this day on',
  revoked: 'loses an intermediate by revocation',
} as const

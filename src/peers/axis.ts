/** What changes at peers and at public roots, as stretches of one axis of time. Pure. */
import { peerPolicies } from './index.ts'
import { publicRoots, rootEvents } from './programmes/roots.ts'

interface Stretch {
  readonly name: string
  /** First day, `2026-07-01`; absent: since ever, as far as known. */
  readonly since?: string
  /** Last day; absent: until further notice. */
  readonly until?: string
  /** What holds in it, or what ends it. */
  readonly what: string
}

export interface AxisRow {
  readonly kind: 'peer' | 'root'
  /** `teams-direct-routing`, or the id of a root. */
  readonly name: string
  readonly title: string
  readonly stretches: readonly Stretch[]
}

/**
 * Peers whose rules change, and roots that a programme takes out or that end, on or after a day.
 *
 * @param from `2026-09-30`
 */
export function axisRows(from: string): readonly AxisRow[] {
  return [...peerRows(from), ...rootRows(from)]
}

function peerRows(from: string): readonly AxisRow[] {
  return peerPolicies
    .filter(({ periods }) => periods.some(({ since, until }) => isFrom(since, from) || isFrom(until, from)))
    .map(({ name, title, periods }) => ({
      kind: 'peer',
      name,
      title,
      stretches: periods
        .filter(({ until }) => until === undefined || until >= from)
        .map(({ id, since, until, note, serverAuth, clientAuth }) => ({
          name: id,
          ...(since === undefined ? {} : { since }),
          ...(until === undefined ? {} : { until }),
          what: [`serverAuth ${serverAuth.value}, clientAuth ${clientAuth.value}`, note].filter(Boolean).join('. '),
        })),
    }))
}

function rootRows(from: string): readonly AxisRow[] {
  return publicRoots.flatMap(({ id, commonName, notAfter }) => {
    const stretches: readonly Stretch[] = [
      ...rootEvents
        .filter(({ roots, on }) => roots.includes(id) && on >= from)
        .map(({ stores, on, mechanism }) => ({ name: stores.join(', '), until: on, what: `${mechanism} on ${on}` })),
      ...(isFrom(notAfter, from) ? [{ name: 'the root itself', until: notAfter, what: `ends on ${notAfter}` }] : []),
    ]
    return stretches.length === 0 ? [] : [{ kind: 'root', name: id, title: commonName, stretches }]
  })
}

function isFrom(day: string | undefined, from: string): day is string {
  return day !== undefined && day >= from
}

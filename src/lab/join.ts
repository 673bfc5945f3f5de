/**
 * Joins what two nodes wrote about one connection into one verdict. Under TLS 1.3 a refused dialler only sees the
 * connection close, and under TLS 1.2 it is the acceptor that only sees that: the reason is at the other end.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict as makeVerdict } from '../verdicts/codes.ts'
import { placedRemedy } from '../verdicts/remedy.ts'
import type { NodeEvent } from '../node/control/control-api.ts'

/** An event that tells how a connection failed. */
export type ConnectionEvent = NodeEvent & { readonly connection: string; readonly verdict: Verdict }

/** The same where there was no connection yet: a cut, a port without a listener. No other end knows of it. */
export type DialEvent = NodeEvent & { readonly connection?: never; readonly verdict: Verdict }

/** Codes that say only that the other end ended it. */
const symptoms: ReadonlySet<string> = new Set([
  'tls.peer-refused',
  'tls.alert',
  'tls.handshake-failed',
  'tls.handshake-timeout',
  'link.reset',
  'link.unconfirmed',
  'link.timeout',
  'route.next-hop-down',
])

/** True for `tls.peer-refused` and the like: the cause is at the other end. */
export function isSymptom(code: string): boolean {
  return symptoms.has(code)
}

type View = ConnectionEvent | DialEvent

/** Clocks of one machine differ by nothing; what is more was moved. */
const skewMs = 60_000

export function isConnectionEvent(event: NodeEvent): event is ConnectionEvent {
  return event.connection !== undefined && event.verdict !== undefined
}

export function isDialEvent(event: NodeEvent): event is DialEvent {
  return event.event === 'flow.lost' && event.connection === undefined && event.verdict !== undefined
}

/**
 * One verdict out of the views of both ends: the end that knows the cause gives code, certificate and fix; the link is
 * named `dialler->acceptor`; what the other end saw is in `others`.
 *
 * @param views events with the same `connection`, at least one
 */
export function joinViews(views: readonly [View, ...View[]]): Verdict {
  const causes = views.filter(({ verdict }) => !isSymptom(verdict.code))
  // Both ends may name the same cause, and either may write first: the end that refused has judged.
  const judges = causes.filter(({ verdict }) => verdict.whoRefused !== 'them')
  const primary = causes.find(({ verdict }) => knowsBetter(verdict, causes)) ?? judges[0] ?? causes[0] ?? views[0]
  const dialler = views.find(({ verdict }) => verdict.direction === 'outgoing')?.node
  const acceptor = views.find(({ verdict }) => verdict.direction === 'incoming')?.node
  const link =
    dialler !== undefined && acceptor !== undefined
      ? `${dialler}->${acceptor}`
      : (primary.verdict.link ?? views.find(({ verdict }) => verdict.link !== undefined)?.verdict.link)
  const seen = views
    .filter((view) => view !== primary && view.verdict.code !== primary.verdict.code)
    .map(({ node, verdict }) => ({ node, ...withoutOthers(verdict) }))
  const skew = skewBetween(views)
  const others = [...(primary.verdict.others ?? []), ...unique(seen), ...skew]
  const { others: _replaced, fix, ...rest } = primary.verdict
  const place = { node: primary.node, ...rest, ...(link === undefined ? {} : { link }) }
  const joined = {
    ...place,
    ...(fix === undefined ? {} : { fix: placedRemedy(fix, place) }),
    ...(others.length === 0 ? {} : { others }),
  }
  const [clock] = skew
  return clock !== undefined && isTheClock(primary, views) ? ledByClock(joined, clock) : joined
}

/** The certificate is refused for its dates, and by the clock of the other end it is valid. */
function isTheClock({ node, verdict: { code, certificate } }: View, views: readonly View[]): boolean {
  if (certificate === undefined || !/\.(?:root-)?expired$|\.not-yet-valid$/.test(code)) return false
  const [from, until] = [Date.parse(certificate.notBefore), Date.parse(certificate.notAfter)]
  return views.some((view) => {
    const at = Date.parse(view.time)
    return view.node !== node && from <= at && at < until
  })
}

function ledByClock(found: Verdict, clock: Verdict): Verdict {
  const { others = [], ...refusal } = found
  const { certificate: _good, fix: _renewal, ...place } = refusal
  const fix = clock.fix === undefined ? {} : { fix: placedRemedy(clock.fix, refusal) }
  return { ...place, ...clock, ...fix, others: [refusal, ...others.filter((other) => other !== clock)] }
}

/**
 * That a newer certificate is in the file only the end knows that shows the old one, and why none is shown only the
 * end that shows none. Under TLS 1.2 OpenSSL calls a
 * missing signature algorithm a missing cipher suite; the end that limits them knows better.
 */
function knowsBetter({ code }: Verdict, causes: readonly View[]): boolean {
  if (code === 'cert.not-reloaded' || code === 'tls.issuer-not-announced') return true
  return code === 'tls.no-common-signature' && causes.some(({ verdict }) => verdict.code === 'tls.no-common-cipher')
}

/** Every failed connection in the events of all nodes, oldest first, one verdict each. */
export function joinEvents(events: readonly NodeEvent[]): readonly Verdict[] {
  return joinGroups(events).map(joinViews)
}

/** A verdict with when it was reached, and how often one like it was. */
export interface CountedVerdict {
  readonly verdict: Verdict
  /** ISO 8601, UTC: of the first and of the last. */
  readonly first: string
  readonly last: string
  readonly count: number
}

/** The same, in the order of time, with verdicts of one code, link and certificate counted as one. */
export function countJoined(events: readonly NodeEvent[]): readonly CountedVerdict[] {
  const counted = new Map<string, CountedVerdict>()
  for (const group of joinGroups(events)) {
    const verdict = joinViews(group)
    const time = group[0].time
    const key = [verdict.code, verdict.link, verdict.node, verdict.certificate?.fingerprint].join(' ')
    const known = counted.get(key)
    counted.set(
      key,
      known === undefined
        ? { verdict, first: time, last: time, count: 1 }
        : { ...known, last: time, count: known.count + 1 },
    )
  }
  return [...counted.values()]
}

function joinGroups(events: readonly NodeEvent[]): readonly (readonly [View, ...View[]])[] {
  const views = events.filter((event): event is View => isConnectionEvent(event) || isDialEvent(event))
  const groups = Map.groupBy(views, ({ connection, node, seq }) => connection ?? `${node} ${seq}`)
  return [...groups.values()].map((group) => group as [View, ...View[]])
}

export interface Joiner {
  add(event: NodeEvent): void
  /** Gives out what still waits for its other end. */
  flush(): void
}

/** How long the second view of a connection is waited for; both ends write within milliseconds of each other. */
const patienceMs = 600
const maxWaiting = 1000

/** Joins events as they arrive, from whatever node; one verdict for each connection. */
export function openJoiner(onVerdict: (verdict: Verdict) => void): Joiner {
  const waiting = new Map<
    string,
    { readonly views: [ConnectionEvent, ...ConnectionEvent[]]; readonly timer: NodeJS.Timeout }
  >()
  const settle = (connection: string): void => {
    const entry = waiting.get(connection)
    if (entry === undefined) return
    waiting.delete(connection)
    clearTimeout(entry.timer)
    onVerdict(joinViews(entry.views))
  }
  return {
    add(event) {
      if (!isConnectionEvent(event)) return
      const known = waiting.get(event.connection)
      if (known !== undefined) {
        if (known.views.length < 8) known.views.push(event)
        return
      }
      const oldest = waiting.size >= maxWaiting ? waiting.keys().next().value : undefined
      if (oldest !== undefined) settle(oldest)
      waiting.set(event.connection, {
        views: [event],
        timer: setTimeout(() => settle(event.connection), patienceMs).unref(),
      })
    },
    flush: () => [...waiting.keys()].forEach(settle),
  }
}

/** Two ends that wrote about the same moment and disagree on the time: an expired certificate may be a wrong clock. */
function skewBetween(views: readonly View[]): readonly Verdict[] {
  const [first, ...rest] = views
  const other = rest.find(
    ({ node, time }) =>
      first !== undefined && node !== first.node && Math.abs(Date.parse(time) - Date.parse(first.time)) > skewMs,
  )
  if (first === undefined || other === undefined) return []
  const seconds = Math.round(Math.abs(Date.parse(other.time) - Date.parse(first.time)) / 1000)
  return [
    makeVerdict('clock.skew', {
      found: `${first.node} says ${first.time}, ${other.node} says ${other.time}: ${seconds} s apart`,
    }),
  ]
}

function withoutOthers({ others: _left, ...verdict }: Verdict): Verdict {
  return verdict
}

function unique(verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter(
    (verdict, at) => verdicts.findIndex(({ code, node }) => code === verdict.code && node === verdict.node) === at,
  )
}

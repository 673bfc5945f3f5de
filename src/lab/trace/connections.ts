/**
 * Handshakes, and connections that came to none, out of the traces of several nodes: one for each connection, with what
 * both ends showed.
 */
import type { TraceEntry } from '../../node/control/control-api.ts'
import type { ShownCertificate } from '../../sip/transport/flow.ts'
import { isSymptom } from '../join.ts'

export interface TracedConnection {
  /** ISO 8601, of the first view. */
  readonly time: string
  /** The node that wrote it down first. */
  readonly node: string
  /** Absent: there was no connection. */
  readonly transport?: string
  /** The dialling end: `127.0.41.21:40312`, or the name of the node where there was no connection. */
  readonly source: string
  readonly destination: string
  readonly failed: boolean
  readonly shownBySource?: ShownCertificate
  readonly shownByDestination?: ShownCertificate
  /** Names that the other end accepts of the dialling end, and the other way round. */
  readonly namesOfSource?: readonly string[]
  readonly namesOfDestination?: readonly string[]
  readonly alert?: { readonly number: number; readonly name: string; readonly from: 'source' | 'destination' }
  readonly verdict?: string
  readonly message?: string
  readonly found?: string
}

/** @returns undefined for what is no handshake */
export function connectionOf(entry: TraceEntry): TracedConnection | undefined {
  const { handshake, remote, time, node, transport } = entry
  if (handshake === undefined || remote === undefined) return undefined
  const near = entry.local ?? node
  const isDialler = handshake.side === 'dialled'
  const { own, peer, names, alert, verdict, message, found } = handshake
  const [bySource, byDestination] = isDialler ? [own, peer] : [peer, own]
  return {
    time,
    node,
    ...given('transport', transport),
    source: isDialler ? near : remote,
    destination: isDialler ? remote : near,
    failed: handshake.result !== 'accepted',
    ...given('shownBySource', bySource),
    ...given('shownByDestination', byDestination),
    ...given(isDialler ? 'namesOfDestination' : 'namesOfSource', names),
    ...(alert === undefined ? {} : { alert: { ...alert, from: isDialler ? 'destination' : 'source' } }),
    ...given('verdict', verdict),
    ...given('message', message),
    ...given('found', found),
  }
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V })
}

/** Connections whose other end may still report. */
const mostRemembered = 500

/** Both ends write within milliseconds; a port that is used again later is another connection. */
const sameConnectionMs = 30_000

/** One for each connection, in the order of time: the two ends and the later loss of an accepted one are joined. */
export function joinConnections(views: readonly TracedConnection[]): readonly TracedConnection[] {
  const joined: TracedConnection[] = []
  const open = new Map<string, number>()
  for (const view of views.toSorted((a, b) => a.time.localeCompare(b.time))) {
    const key = `${view.source} ${view.destination}`
    const at = open.get(key)
    const known = at === undefined ? undefined : joined[at]
    if (at !== undefined && known !== undefined && isPair(known, view)) {
      joined[at] = joinTwo(known, view)
      continue
    }
    open.set(key, joined.push(view) - 1)
  }
  return joined
}

/** An attempt without a connection has one view only. */
function isPair(known: TracedConnection, view: TracedConnection): boolean {
  return known.source !== known.node && Date.parse(view.time) - Date.parse(known.time) <= sameConnectionMs
}

function joinTwo(first: TracedConnection, second: TracedConnection): TracedConnection {
  const cause = causeOf(first, second)
  const { verdict: _verdict, message: _message, found: _found, ...place } = { ...second, ...first }
  return {
    ...place,
    failed: first.failed || second.failed,
    ...given('verdict', cause?.verdict),
    ...given('message', cause?.message),
    ...given('found', cause?.found),
  }
}

/** The end that knows more than that the connection ended. */
function causeOf(first: TracedConnection, second: TracedConnection): TracedConnection | undefined {
  const failed = [first, second].filter((view) => view.failed)
  return failed.find(({ verdict }) => verdict !== undefined && !isSymptom(verdict)) ?? failed[0]
}

/** Verdicts of attempts that reached no server: no handshake began. */
const unreached: ReadonlySet<string> = new Set(['link.refused', 'link.unreachable', 'link.timeout', 'link.cut'])

function isUnreached({ verdict, shownByDestination }: TracedConnection): boolean {
  return verdict !== undefined && unreached.has(verdict) && shownByDestination === undefined
}

/** `TLS handshake`, `handshake failed: cert.expired`, `no connection: link.refused`. */
export function connectionTitle(connection: TracedConnection): string {
  const { failed, verdict, transport = 'tls' } = connection
  if (!failed) return `${transport.toUpperCase()} handshake`
  return `${isUnreached(connection) ? 'no connection' : 'handshake failed'}: ${verdict ?? 'no reason known'}`
}

/**
 * What there is to say of both ends, a line each: reason, certificates, alert.
 *
 * @param nameOf the party at an end
 */
export function connectionLines(connection: TracedConnection, nameOf: (end: string) => string): readonly string[] {
  const { source, destination, shownBySource, shownByDestination, alert, failed, message, found } = connection
  const why = [
    ...(message === undefined ? [] : [message]),
    ...(found === undefined || found === message ? [] : [`found: ${found}`]),
  ]
  if (isUnreached(connection)) return why
  const certificates = [
    `certificate of ${nameOf(source)}, which dials: ${certificateText(shownBySource)}`,
    `certificate of ${nameOf(destination)}: ${certificateText(shownByDestination)}`,
  ]
  if (!failed) return certificates
  const sender = nameOf(alert?.from === 'source' ? source : destination)
  return [
    ...why,
    ...certificates,
    alert === undefined ? 'alert: none was received' : `alert of ${sender}: ${alert.name} (${alert.number})`,
  ]
}

function certificateText(shown: ShownCertificate | undefined): string {
  if (shown === undefined) return 'none was seen'
  const { subject, issuer, serial, notAfter } = shown
  return `${subject}, issuer ${issuer}, serial ${serial}, not after ${notAfter}`
}

/** Connections as they come: of an accepted one the view of the first end only. */
export function connectionReader(): (entry: TraceEntry) => TracedConnection | undefined {
  const seen = new Map<string, string>()
  return (entry) => {
    const connection = connectionOf(entry)
    if (connection === undefined || connection.failed) return connection
    const key = `${connection.source} ${connection.destination}`
    const first = seen.get(key)
    if (first !== undefined && Date.parse(connection.time) - Date.parse(first) <= sameConnectionMs) {
      seen.delete(key)
      return undefined
    }
    seen.set(key, connection.time)
    const [oldest] = seen.keys()
    if (seen.size > mostRemembered && oldest !== undefined) seen.delete(oldest)
    return connection
  }
}

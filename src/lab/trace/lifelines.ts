/** The columns of a ladder: the nodes of the lab, and everyone else by the user who signs in from there. */
import type { TracedConnection } from './connections.ts'
import { fromOf, isRequest, sentByOf, toOf } from './fields.ts'
import type { TracedMessage } from './messages.ts'

export interface Party {
  /** Column heading, e.g. `fe1`. */
  readonly name: string
  /** Addresses it listens on, e.g. `127.0.41.11`. */
  readonly addresses: readonly string[]
}

export interface Lifeline {
  /** `fe1`, `alice`. */
  readonly name: string
  /** `127.0.0.1:40312` below the name of a user, of its first connection; absent where the name says all. */
  readonly address?: string
}

export interface Lifelines {
  readonly columns: readonly Lifeline[]
  /** Column of an end, e.g. of `127.0.41.11:5061`. */
  columnOf(end: string): number
  nameOf(end: string): string
}

/** @param parties the nodes in the order of columns; strangers come before them, in the order of their messages */
export function lifelines(
  messages: readonly TracedMessage[],
  connections: readonly TracedConnection[],
  parties: readonly Party[],
  notes: readonly Pick<TracedMessage, 'time' | 'source' | 'destination'>[] = [],
): Lifelines {
  const nodeOf = nodeFinder(messages, connections, parties)
  const ends = [
    ...new Set(
      [...messages, ...connections, ...notes]
        .toSorted((a, b) => a.time.localeCompare(b.time))
        .flatMap(({ source, destination }) => [source, destination]),
    ),
  ]
  const strangers = strangersAt(
    ends.filter((end) => nodeOf(end) === undefined),
    messages,
    connections,
  )
  const used = new Set(ends.map(nodeOf))
  const nodes = parties.filter(({ name }) => used.has(name)).map(({ name }) => name)
  const columns = [...strangers.lines, ...nodes.map((name) => ({ name }))]
  const columnOf = (end: string): number => {
    const node = nodeOf(end)
    return node === undefined ? (strangers.columns.get(end) ?? -1) : strangers.lines.length + nodes.indexOf(node)
  }
  return { columns, columnOf, nameOf: (end) => columns[columnOf(end)]?.name ?? end }
}

/** A dialled connection has a port of its own: the node that once wrote from it, or listens there, is the party. */
function nodeFinder(
  messages: readonly TracedMessage[],
  connections: readonly TracedConnection[],
  parties: readonly Party[],
): (end: string) => string | undefined {
  const known = new Map(parties.flatMap(({ name, addresses }) => [name, ...addresses].map((each) => [each, name])))
  const byAddress = (end: string): string | undefined => known.get(addressOf(end))
  const writers = new Map(
    [...messages, ...connections]
      .filter(({ destination, node }) => byAddress(destination) !== node)
      .map(({ source, node }) => [source, node]),
  )
  return (end) => byAddress(end) ?? writers.get(end)
}

/** `127.0.41.11` of `127.0.41.11:5061`, `::1` of `[::1]:5061`. */
export function addressOf(end: string): string {
  return end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

interface Strangers {
  readonly lines: readonly Lifeline[]
  /** Column of an end. */
  readonly columns: ReadonlyMap<string, number>
}

/**
 * A phone has the name of its user, a server of somebody else's the name in its certificate. The connections of one
 * phone are one lifeline: it names itself in Via (sent-by, RFC 3261 §18.1.1) on each.
 */
function strangersAt(
  ends: readonly string[],
  messages: readonly TracedMessage[],
  connections: readonly TracedConnection[],
): Strangers {
  const requests = messages.filter(({ text }) => isRequest(text))
  const senders = valuesByEnd(requests.map(({ source, text }) => [source, fromOf(text)?.user]))
  const called = valuesByEnd(requests.map(({ destination, text }) => [destination, toOf(text)?.user]))
  const hosts = valuesByEnd(requests.map(({ source, text }) => [source, sentByOf(text)]))
  const certified = certificateNames(connections)
  const lines: Lifeline[] = []
  const columns = new Map<string, number>()
  const byPhone = new Map<string, number>()
  const counts = new Map<string, number>()
  for (const end of ends) {
    // Where several users write from one end, it is a server.
    const user = onlyOne(senders.get(end)) ?? (senders.has(end) ? undefined : onlyOne(called.get(end)))
    const name = user ?? certified.get(end)
    const phone = `${name ?? ''} ${user === undefined ? end : (onlyOne(hosts.get(end)) ?? end)}`
    const known = byPhone.get(phone)
    const count = counts.get(name ?? end) ?? 0
    if (known === undefined) counts.set(name ?? end, count + 1)
    columns.set(end, known ?? lines.push(lineOf(name, end, count + 1)) - 1)
    byPhone.set(phone, columns.get(end) ?? 0)
  }
  return { lines, columns }
}

/** `alice`, `alice (2)` for another phone of the same user. */
function lineOf(name: string | undefined, end: string, nth: number): Lifeline {
  if (name === undefined) return { name: end }
  return { name: nth === 1 ? name : `${name} (${nth})`, address: end }
}

function valuesByEnd(
  pairs: readonly (readonly [end: string, value: string | undefined])[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const values = new Map<string, Set<string>>()
  for (const [end, value] of pairs) {
    if (value === undefined) continue
    const known = values.get(end)
    if (known === undefined) values.set(end, new Set([value]))
    else known.add(value)
  }
  return values
}

function onlyOne(values: ReadonlySet<string> | undefined): string | undefined {
  return values?.size === 1 ? [...values][0] : undefined
}

function certificateNames(connections: readonly TracedConnection[]): ReadonlyMap<string, string> {
  return new Map(
    connections.flatMap(({ source, destination, namesOfSource, namesOfDestination }) => [
      ...(namesOfSource?.[0] === undefined ? [] : [[source, namesOfSource[0]] as const]),
      ...(namesOfDestination?.[0] === undefined ? [] : [[destination, namesOfDestination[0]] as const]),
    ]),
  )
}

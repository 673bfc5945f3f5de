/**
 * The rows of the ladder: every message once, handshakes and decisions beside them, in the order of time. Bounded, and
 * filtered as it grows: a batch costs what it brings, not what is there.
 */
import { messageReader, titleOf } from '../../../lab/trace/messages.ts'
import { noteOf } from '../../../lab/trace/notes.ts'
import type { TraceEntry } from '../documents.ts'

export interface Row {
  readonly id: number
  readonly time: string
  readonly kind: TraceEntry['kind']
  readonly title: string
  /** Columns; the same twice for what happens at one node. */
  readonly from: string
  readonly to: string
  readonly callId: string | undefined
  readonly isError: boolean
  readonly entry: TraceEntry
}

export interface LadderFilter {
  /** Rows that contain this text remain: a call, a user, part of a header field. */
  readonly text: string
  /** Absent: all. */
  readonly node: string | undefined
  readonly callId: string | undefined
  /** Keep-alives between servers, which fill a quiet lab. */
  readonly options: boolean
  readonly decisions: boolean
  /** Questions to the DNS; one call has none of its own. */
  readonly dns: boolean
}

export const everything: LadderFilter = {
  text: '',
  node: undefined,
  callId: undefined,
  options: false,
  decisions: true,
  dns: true,
}
export const mostRows = 50_000

type MessageReader = ReturnType<typeof messageReader>

export class LadderModel {
  readonly #nodes: readonly string[]
  readonly #nodeByAddress: ReadonlyMap<string, string>
  readonly #strangers = strangerColumns()
  #read: MessageReader = messageReader()
  #rows: readonly Row[] = []
  #shown: readonly Row[] = []
  #wanted = everything
  /** Calls with a message that has the wanted text: their decisions are shown too. */
  #calls = new Set<string>()
  #nextId = 1

  /** @param nodes with the addresses they listen on, from the outside in */
  constructor(nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[]) {
    this.#nodes = nodes.map(({ name }) => name)
    this.#nodeByAddress = new Map(
      nodes.flatMap(({ name, addresses }) => addresses.map((address) => [address, name] as const)),
    )
  }

  get rows(): readonly Row[] {
    return this.#rows
  }

  /** Those that fit the filter. */
  get shown(): readonly Row[] {
    return this.#shown
  }

  /** The other parties first, then the nodes in the order of the plan. */
  get columns(): readonly string[] {
    return [...this.#strangers.columns(), ...this.#nodes]
  }

  add(entries: readonly TraceEntry[]): void {
    const more = entries.flatMap((entry) => this.#rowOf(entry) ?? []).toSorted(byTime)
    this.#rows = merged(this.#rows, more)
    this.#shown = merged(
      this.#shown,
      more.filter((row) => this.#fits(row)),
    )
    if (this.#rows.length <= mostRows) return
    this.#rows = this.#rows.slice(-Math.floor(mostRows * 0.9))
    const oldest = this.#rows[0]?.time ?? ''
    this.#shown = this.#shown.filter(({ time }) => time >= oldest)
  }

  filter(wanted: LadderFilter): void {
    this.#wanted = wanted
    this.#calls = new Set()
    this.#shown = this.#rows.filter((row) => this.#fits(row))
  }

  clear(): void {
    this.#read = messageReader()
    this.#rows = []
    this.#shown = []
    this.#strangers.clear()
    this.#calls = new Set()
  }

  /** A message comes before what is decided about it. */
  #fits(row: Row): boolean {
    if (row.kind === 'decision' && row.callId !== undefined && this.#calls.has(row.callId))
      return fits(row, { ...this.#wanted, text: '' })
    if (!fits(row, this.#wanted)) return false
    if (this.#wanted.text !== '' && row.kind === 'message' && row.callId !== undefined) this.#calls.add(row.callId)
    return true
  }

  #rowOf(entry: TraceEntry): Row | undefined {
    if (entry.kind === 'decision' || entry.kind === 'dns') return this.#noteRow(entry)
    if (entry.kind !== 'message') return eventRow(this.#nextId++, entry)
    const message = this.#read(entry)
    if (message === undefined) return undefined
    const [sender, receiver] = usersOf(message.text)
    const from = this.#columnOf(message.source, sender)
    const to = this.#columnOf(message.destination, receiver)
    return messageRow({ id: this.#nextId++, entry, from, to })
  }

  #noteRow(entry: TraceEntry): Row | undefined {
    const note = noteOf(entry)
    if (note === undefined) return undefined
    const { time, kind, node, decision } = entry
    // Each question of someone who is no node has a port of its own: no column for that.
    const from = this.#nodeByAddress.get(addressOf(note.source)) ?? node
    const { title, failed: isError } = note
    return { id: this.#nextId++, time, kind, title, from, to: node, callId: decision?.callId, isError, entry }
  }

  #columnOf(end: string, user: string | undefined): string {
    return this.#nodeByAddress.get(addressOf(end)) ?? this.#strangers.columnOf(end, user)
  }
}

interface StrangerColumns {
  /** The user of that end; each connection of a phone has a port of its own. */
  columnOf(end: string, user: string | undefined): string
  columns(): readonly string[]
  clear(): void
}

const mostStrangers = 12

function strangerColumns(): StrangerColumns {
  const byEnd = new Map<string, string>()
  let all: readonly string[] = []
  return {
    columns: () => all,
    columnOf(end, user) {
      const known = byEnd.get(end)
      if (known !== undefined) return known
      const wanted = user ?? end
      const name = all.includes(wanted) || all.length < mostStrangers - 1 ? wanted : 'others'
      if (byEnd.size < mostRows) byEnd.set(end, name)
      if (!all.includes(name)) all = [...all, name]
      return name
    },
    clear() {
      byEnd.clear()
      all = []
    },
  }
}

/** Who sends a message and who gets it, as its From and To have it. */
function usersOf(text: string): readonly [sender: string | undefined, receiver: string | undefined] {
  const from = /^(?:From|f)\s*:[^\n]*?sips?:([^@;>\s]+)@/im.exec(text)?.[1]
  const to = /^(?:To|t)\s*:[^\n]*?sips?:([^@;>\s]+)@/im.exec(text)?.[1]
  return text.startsWith('SIP/2.0 ') ? [to, from] : [from, to]
}

function eventRow(id: number, entry: TraceEntry): Row {
  const { time, node, kind, event = kind, data = {}, handshake } = entry
  const what = handshake === undefined ? event : `handshake ${handshake.result}`
  const said = handshake?.verdict ?? handshake?.names?.[0] ?? data['verdict'] ?? data['peer']
  const title = said === undefined ? what : `${what}: ${typeof said === 'string' ? said : JSON.stringify(said)}`
  const callId = typeof data['callId'] === 'string' ? data['callId'] : undefined
  const isError = /refused|lost|down|failed/.test(what)
  return { id, time, kind, title, from: node, to: node, callId, isError, entry }
}

function messageRow({ id, entry, from, to }: Pick<Row, 'id' | 'entry' | 'from' | 'to'>): Row {
  const { text = '', time } = entry
  const callId = /^(?:Call-ID|i)\s*:\s*(\S+)/im.exec(text)?.[1]
  return { id, time, kind: 'message', title: titleOf(text), from, to, callId, isError: isRefusal(text), entry }
}

function isRefusal(text: string): boolean {
  return /^SIP\/2\.0 [4-6]/.test(text)
}

/** Nodes write within milliseconds of each other: only the newest rows can be out of order. */
function merged(rows: readonly Row[], more: readonly Row[]): readonly Row[] {
  const [first] = more
  if (first === undefined) return rows
  let at = rows.length
  while (at > 0 && (rows[at - 1]?.time ?? '') > first.time) at -= 1
  return at === rows.length
    ? [...rows, ...more]
    : [...rows.slice(0, at), ...[...rows.slice(at), ...more].toSorted(byTime)]
}

function byTime(one: Row, other: Row): number {
  return one.time < other.time ? -1 : one.time > other.time ? 1 : one.id - other.id
}

function fits(row: Row, { text, node, callId, options, decisions, dns }: LadderFilter): boolean {
  if ((row.kind === 'decision' && !decisions) || (row.kind === 'dns' && !dns)) return false
  if (callId !== undefined && row.callId !== callId) return false
  if (node !== undefined && row.from !== node && row.to !== node) return false
  if (!options && callId === undefined && isKeepAlive(row)) return false
  if (text === '') return true
  const { text: message, event = '', data, handshake, decision, question } = row.entry
  const all = message ?? `${event} ${row.title} ${JSON.stringify({ ...data, ...handshake, ...decision, ...question })}`
  return all.toLowerCase().includes(text.toLowerCase())
}

function isKeepAlive({ kind, entry: { text = '', decision } }: Row): boolean {
  if (kind === 'decision') return decision?.method === 'OPTIONS'
  return kind === 'message' && (text.startsWith('OPTIONS ') || /^CSeq\s*:\s*\d+\s+OPTIONS/im.test(text))
}

function addressOf(end: string): string {
  return end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

/** The same message on its hop before: same call, same CSeq, same first line but for the Request-URI. */
export function hopBefore(rows: readonly Row[], row: Row): Row | undefined {
  const mark = markOf(row)
  if (mark === undefined) return undefined
  const same = rows.filter((each) => each.callId === row.callId && markOf(each) === mark)
  const at = same.indexOf(row)
  return at > 0 ? same[at - 1] : undefined
}

function markOf({ kind, callId, entry: { text = '' } }: Row): string | undefined {
  if (kind !== 'message' || callId === undefined) return undefined
  const [first = ''] = text.split('\r\n', 1)
  const what = first.startsWith('SIP/2.0') ? first.slice(8, 11) : first.split(' ', 1)[0]
  return `${what} ${/^CSeq\s*:\s*(.*)$/im.exec(text)?.[1]?.trim()}`
}

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'gone'
  readonly line: string
}

/** What a hop made of a message, line by line; lines keep the order of the later message. */
export function difference(before: string, after: string): readonly DiffLine[] {
  const left = linesOf(before)
  const right = linesOf(after)
  const remaining = [...left]
  const kept = right.map((line): DiffLine => {
    const at = remaining.indexOf(line)
    if (at < 0) return { kind: 'added', line }
    remaining.splice(at, 1)
    return { kind: 'same', line }
  })
  return [...remaining.map((line): DiffLine => ({ kind: 'gone', line })), ...kept]
}

function linesOf(text: string): readonly string[] {
  return text.trimEnd().split(/\r?\n/)
}

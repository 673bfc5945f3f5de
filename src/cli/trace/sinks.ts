/** Where the entries of a trace go: one writer for each format. */
import { type CaptureWriter, captureWriter } from '../../lab/trace/pcapng.ts'
import {
  connectionLines,
  connectionOf,
  connectionReader,
  connectionTitle,
  joinConnections,
} from '../../lab/trace/connections.ts'
import type { TracedConnection } from '../../lab/trace/connections.ts'
import { hepOfConnection, hepOfMessage } from '../../lab/trace/hep.ts'
import { renderLadder } from '../../lab/trace/ladder.ts'
import type { Party } from '../../lab/trace/lifelines.ts'
import { messageReader, titleOf, type TracedMessage } from '../../lab/trace/messages.ts'
import { noteOf, notesIn, type TracedNote } from '../../lab/trace/notes.ts'
import { inOrder } from '../../lab/trace/order.ts'
import type { TraceEntry } from '../../node/control/control-api.ts'
import { harmless } from '../../reports/harmless.ts'
import { type Io, paint } from '../io.ts'
import type { HepSender } from './hep-sender.ts'
import { renderTextLadder } from './text-ladder.ts'

export const traceFormats = ['text', 'jsonl', 'ladder', 'html', 'pcapng'] as const
export type TraceFormat = (typeof traceFormats)[number]

export interface Sink {
  begin(): Promise<void>
  entry(entry: TraceEntry): Promise<void>
  end(): Promise<void>
}

export interface SinkOptions {
  readonly io: Io
  /** Name of the lab, for a title. */
  readonly lab: string
  readonly parties: readonly Party[]
}

/** A page or a ladder is written at the end; more than this would be no page any more. */
const mostGathered = 10_000

export function sinkOf(format: TraceFormat, options: SinkOptions): Sink {
  switch (format) {
    case 'jsonl':
      return lineSink((entry) => options.io.out(`${JSON.stringify(entry)}\n`))
    case 'text':
      return lineSink((entry) => options.io.out(textOf(options, entry)))
    case 'ladder':
      return gatheringSink(options, (gathered) => options.io.out(ladderOf(options, gathered)))
    case 'html':
      return gatheringSink(options, ({ messages, connections, notes }) => {
        const title = `siplab ${options.lab}: ${messages.length} messages`
        options.io.out(renderLadder(messages, connections, options.parties, title, notes))
      })
    case 'pcapng':
      return captureSink(options)
    default:
      return format satisfies never
  }
}

/** @param agent capture agent ID: tells apart several labs that feed one collector */
export function hepSink(sender: HepSender, { io, parties }: SinkOptions, agent: number): Sink {
  const read = messageReader()
  const readConnection = connectionReader()
  const nameOf = partyNamer(parties)
  return {
    begin: nothing,
    async entry(entry) {
      const message = read(entry)
      const connection = readConnection(entry)
      const packet =
        message === undefined
          ? connection === undefined
            ? undefined
            : hepOfConnection(connection, agent, nameOf)
          : hepOfMessage(message, agent)
      if (packet !== undefined) await sender.send(packet)
    },
    end: async () => io.err(`${await sender.end()}\n`),
  }
}

const nothing = (): Promise<void> => Promise.resolve()

function lineSink(write: (entry: TraceEntry) => void): Sink {
  return { begin: nothing, entry: async (entry) => write(entry), end: nothing }
}

interface Gathered {
  readonly messages: readonly TracedMessage[]
  readonly connections: readonly TracedConnection[]
  readonly notes: readonly TracedNote[]
}

function gatheringSink({ parties }: SinkOptions, write: (gathered: Gathered) => void): Sink {
  const byNode = new Map<string, TraceEntry[]>()
  let count = 0
  return {
    begin: nothing,
    async entry(entry) {
      count += 1
      if (count > mostGathered) return
      const known = byNode.get(entry.node)
      if (known === undefined) byNode.set(entry.node, [entry])
      else known.push(entry)
    },
    async end() {
      const entries = inOrder([...byNode.values()])
      const read = messageReader()
      const connections = joinConnections(entries.flatMap((entry) => connectionOf(entry) ?? []))
      const messages = entries.flatMap((entry) => read(entry) ?? [])
      write({ messages, connections, notes: notesIn(entries, parties) })
    },
  }
}

function captureSink({ io, parties }: SinkOptions): Sink {
  const read = messageReader()
  const readConnection = connectionReader()
  const capture: CaptureWriter = captureWriter()
  const nameOf = partyNamer(parties)
  return {
    begin: () => io.octets(capture.header()),
    async entry(entry) {
      const message = read(entry)
      const connection = readConnection(entry)
      if (message !== undefined) await io.octets(capture.packets(message))
      else if (connection !== undefined) await io.octets(capture.connection(connection, nameOf))
    },
    end: nothing,
  }
}

function ladderOf({ io, parties }: SinkOptions, { messages, connections, notes }: Gathered): string {
  return renderTextLadder(messages, connections, {
    parties,
    notes,
    width: widthOf(io),
    paint: (style, text) => paint(io.colours.out, style, text),
  })
}

const usualWidth = 100

/** Of the terminal; `COLUMNS` where the ladder goes into a file. */
function widthOf({ outWidth, environment }: Io): number {
  const wanted = outWidth ?? Number(environment['COLUMNS'] ?? usualWidth)
  return Number.isInteger(wanted) && wanted >= 40 && wanted <= 1000 ? wanted : usualWidth
}

/** The node at an end, by its address; the end itself for anyone else. */
function partyNamer(parties: readonly Party[]): (end: string) => string {
  const names = new Map(parties.flatMap(({ name, addresses }) => addresses.map((address) => [address, name])))
  return (end) => names.get(end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) ?? end
}

function textOf(options: SinkOptions, entry: TraceEntry): string {
  const { time, node, direction, transport, text, event } = entry
  const { out } = options.io.colours
  const connection = connectionOf(entry)
  // Colours from the wire would pass where this command paints itself.
  const message = text === undefined ? undefined : harmless(text)
  const note = noteOf(entry)
  const title =
    message !== undefined
      ? titleOf(message)
      : harmless(
          (connection === undefined ? note?.title : connectionTitle(connection)) ??
            `${event ?? entry.kind} ${JSON.stringify(entry.data ?? {})}`,
        )
  const head =
    `${time.slice(11, 23)} ${paint(out, 'cyan', node.padEnd(10))} ` +
    `${(direction ?? '').padEnd(3)} ${(transport ?? '').padEnd(3)}${endsOf(entry)} ` +
    `${paint(out, (connection ?? note)?.failed === true ? 'red' : 'bold', title.trim())}\n`
  const besides =
    connection === undefined ? (note?.lines ?? []) : connectionLines(connection, partyNamer(options.parties))
  const lines =
    message === undefined ? besides.map((line) => harmless(line)) : [...message.trimEnd().split(/\r?\n/), '']
  return head + lines.map((line) => (line === '' ? '\n' : `    ${line}\n`)).join('')
}

function endsOf({ local, remote, direction, node }: TraceEntry): string {
  if (remote === undefined) return ''
  const near = local ?? node
  return direction === 'in' ? ` ${remote} -> ${near}` : ` ${near} -> ${remote}`
}

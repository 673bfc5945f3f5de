/**
 * `siplab trace`: messages, handshakes and routing decisions of the running nodes as they happen, in the form asked
 * for.
 */
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Option } from 'commander'
import { captureWriter } from '../../lab/trace/pcapng.ts'
import { renderLadder } from '../../lab/trace/ladder.ts'
import type { Party } from '../../lab/trace/ladder.ts'
import { messageReader, titleOf } from '../../lab/trace/messages.ts'
import type { TracedMessage } from '../../lab/trace/messages.ts'
import type { TraceEntry } from '../../node/control/control-api.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { readSeconds } from '../duration.ts'
import { UsageError } from '../usage-error.ts'
import { harmless } from '../harmless.ts'
import { paint } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseLab, chooseNode, chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'
import type { ChosenLab } from '../lab-choice.ts'

interface TraceOptions extends CommonOptions {
  readonly follow?: true
  readonly format?: 'jsonl' | 'text' | 'html' | 'pcapng'
  readonly for?: string
  readonly count?: string
  readonly from?: string
}

/** An HTML page is written at the end; more than this would be no page any more. */
const mostMessages = 5000

export const traceCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('trace [NODE]')
    .summary('show messages as they pass')
    .description(
      'Shows messages, handshakes and routing decisions of one node, or of all, from now on until Ctrl-C.\nhtml ' +
        'is one page with a ladder; pcapng holds the clear text in made-up packets with the real ' +
        'ports\n(Wireshark: -d tcp.port==5061,sip). TLS secrets are never written.',
    )
    .option('--follow', 'stay until Ctrl-C (it always does, unless --for or --count ends it)')
    .addOption(
      new Option('--format <FORMAT>', 'form of the answer (default: text, jsonl with --json)').choices([
        'jsonl',
        'text',
        'html',
        'pcapng',
      ]),
    )
    .option('--for <SPAN>', 'end after this time, e.g. 10s')
    .option('--count <N>', 'end after so many entries')
    .option('--from <FILE>', 'an earlier trace in JSON lines, in place of the running lab; - reads standard input')
  common(command, 'siplab trace --follow --format html > call.html').action(
    (name: string | undefined, options: TraceOptions) => trace(io, name, options),
  )
}

async function trace(io: Io, name: string | undefined, options: TraceOptions): Promise<void> {
  const lab = options.from === undefined ? chooseRunningLab(io, options) : chooseLab(io, options)
  const plan = planOf(lab)
  const format = options.format ?? (options.json === true ? 'jsonl' : 'text')
  if (format === 'pcapng' && io.outIsTerminal)
    throw new UsageError(
      '--format pcapng writes octets; send them to a file: siplab trace --format pcapng > trace.pcapng',
    )
  const sink = sinks[format](io, plan)
  await sink.begin()
  if (options.from === undefined) await follow(io, { lab, plan, name, sink }, options)
  else for await (const entry of readTrace(io, options.from)) if (isOf(entry, name)) await sink.entry(entry)
  await sink.end()
}

interface Followed {
  readonly lab: ChosenLab
  readonly plan: LabPlan
  /** Absent: every node. */
  readonly name: string | undefined
  readonly sink: Sink
}

async function follow(io: Io, { lab, plan, name, sink }: Followed, options: TraceOptions): Promise<void> {
  const running = plan.nodes.filter((node) => isSip(node.role) && lab.record.stopped[node.name] === undefined)
  const nodes = name === undefined ? running : [chooseNode(plan, name)]
  const most = readCount(options.count)
  const end = new AbortController()
  const stopListening = io.onInterrupt(() => end.abort())
  const timer =
    options.for === undefined ? undefined : setTimeout(() => end.abort(), readSeconds('--for', options.for) * 1000)
  let count = 0
  await Promise.all(
    nodes.map(async (node) => {
      for await (const entry of clientOf(lab, node.name).lines<TraceEntry>('/trace', end.signal)) {
        await sink.entry(entry)
        count += 1
        if (count >= most) end.abort()
      }
    }),
  )
  clearTimeout(timer)
  stopListening()
}

/** A line of a trace; one that is longer is none. */
const mostCharacters = 1024 * 1024

async function* readTrace(io: Io, file: string): AsyncGenerator<TraceEntry> {
  const source = file === '-' ? io.input() : createReadStream(resolve(io.workingFolder, file))
  let at = 0
  for await (const text of createInterface({ input: Readable.from(source), crlfDelay: Number.POSITIVE_INFINITY })) {
    at += 1
    if (text !== '') yield entryOf(text, `${file === '-' ? 'standard input' : file}, line ${at}`)
  }
}

/** @throws UsageError for a line that siplab trace --json never wrote */
function entryOf(text: string, where: string): TraceEntry {
  const wrong = new UsageError(
    `${where}: wanted a line of siplab trace --json, found ${JSON.stringify(text.slice(0, 60))}`,
  )
  if (text.length > mostCharacters) throw wrong
  try {
    const entry = JSON.parse(text) as Partial<TraceEntry> | undefined
    const fields = [entry?.time, entry?.node, entry?.kind, entry?.text ?? '', entry?.local ?? '', entry?.remote ?? '']
    if (fields.every((field) => typeof field === 'string')) return entry as TraceEntry
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw wrong
}

function isOf({ node }: TraceEntry, name: string | undefined): boolean {
  return name === undefined || node === name
}

interface Sink {
  begin(): Promise<void>
  entry(entry: TraceEntry): Promise<void>
  end(): Promise<void>
}

const nothing = (): Promise<void> => Promise.resolve()

const sinks: Readonly<Record<'jsonl' | 'text' | 'html' | 'pcapng', (io: Io, plan: LabPlan) => Sink>> = {
  jsonl: (io) => ({ begin: nothing, entry: async (entry) => io.out(`${JSON.stringify(entry)}\n`), end: nothing }),
  text: (io) => ({ begin: nothing, entry: async (entry) => io.out(text(io, entry)), end: nothing }),
  html(io, plan) {
    const read = messageReader()
    const messages: TracedMessage[] = []
    return {
      begin: nothing,
      async entry(entry) {
        const message = read(entry)
        if (message !== undefined && messages.length < mostMessages) messages.push(message)
      },
      async end() {
        const inOrder = messages.toSorted((a, b) => a.time.localeCompare(b.time))
        io.out(renderLadder(inOrder, parties(plan), `siplab ${plan.topology}: ${messages.length} messages`))
      },
    }
  },
  pcapng(io) {
    const read = messageReader()
    const capture = captureWriter()
    return {
      begin: () => io.octets(capture.header()),
      async entry(entry) {
        const message = read(entry)
        if (message !== undefined) await io.octets(capture.packets(message))
      },
      end: nothing,
    }
  },
}

/** From the outside in, as a remote call travels. */
function parties(plan: LabPlan): readonly Party[] {
  return plan.nodes
    .filter(({ role }) => isSip(role))
    .toReversed()
    .map(({ name, faces }) => ({ name, addresses: faces.map(({ address }) => address) }))
}

function isSip(role: string): boolean {
  return !['dns', 'pki', 'sql', 'load-balancer'].includes(role)
}

function text(
  io: Io,
  { time, node, kind, direction, transport, local, remote, text: received, event, data }: TraceEntry,
): string {
  // Colours from the wire would pass where this command paints itself.
  const message = received === undefined ? undefined : harmless(received)
  const ends =
    local === undefined || remote === undefined
      ? ''
      : direction === 'in'
        ? ` ${remote} -> ${local}`
        : ` ${local} -> ${remote}`
  const title =
    message === undefined ? `${event ?? kind} ${data === undefined ? '' : JSON.stringify(data)}` : titleOf(message)
  const head =
    `${time.slice(11, 23)} ${paint(io.colours.out, 'cyan', node.padEnd(10))} ` +
    `${(direction ?? '').padEnd(3)} ${(transport ?? '').padEnd(3)}${ends} ` +
    `${paint(io.colours.out, 'bold', title.trim())}\n`
  return message === undefined
    ? head
    : `${head}${message
        .trimEnd()
        .split(/\r?\n/)
        .map((line) => `    ${line}\n`)
        .join('')}\n`
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--count: wanted a whole number above 0, found ${JSON.stringify(text)}`)
}

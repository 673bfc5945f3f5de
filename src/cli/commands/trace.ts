/** `siplab trace [NODE]`: messages, handshakes and news of links, kept ones and as they pass. */
import { type Command, Option } from 'commander'
import { readEvents } from '../../lab/event-tail.ts'
import { type TraceFilter, traceFilter } from '../../lab/trace/filter.ts'
import { entryOfEvent } from '../../lab/trace/stopped.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { TraceEntry } from '../../node/control/control-api.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { readSeconds } from '../duration.ts'
import type { Io } from '../io.ts'
import {
  type ChosenLab,
  chooseLab,
  chooseNode,
  chooseRunningLab,
  chooseSipServer,
  clientOf,
  planOf,
} from '../lab-choice.ts'
import { traceOfFile } from '../trace/from-file.ts'
import { openHepSender, readHepTarget } from '../trace/hep-sender.ts'
import { isDns, isSip, parties } from '../trace/parties.ts'
import { readTrace, type TraceSource } from '../trace/read.ts'
import { hepSink, type Sink, sinkOf, type TraceFormat, traceFormats } from '../trace/sinks.ts'
import { UsageError } from '../usage-error.ts'

interface TraceOptions extends CommonOptions {
  readonly follow?: true
  readonly format?: TraceFormat
  readonly for?: string
  readonly count?: string
  readonly since?: string
  readonly call?: string
  readonly user?: string
  readonly method?: readonly string[]
  readonly hep?: string
  readonly from?: string
  readonly decisions?: true
  readonly dns?: true
}

export const traceCommand: RegisterCommand = (program, { io }) => {
  const command = program
    .command('trace [NODE]')
    .summary('show messages live, or those of the last minutes')
    .description(
      'Shows messages and handshakes of one node, or of all: with --since those that the nodes have kept, otherwise ' +
        'new ones until Ctrl-C. The formats ladder and html draw arrows. pcapng has the decrypted text in packets ' +
        'that siplab makes, with the real ports (Wireshark: -d tcp.port==5061,sip). Passwords and credentials are ' +
        'replaced. TLS secrets are never written.',
    )
  command
    .option(
      '--since <SPAN>',
      'show the entries of this time, e.g. 5m, then end (with --follow or --for: then show new ones)',
    )
    .option('--follow', 'show new messages until Ctrl-C (default without --since)')
    .addOption(
      new Option('--format <FORMAT>', 'print in this format (default: text, jsonl with --json)').choices(traceFormats),
    )
    .option('--decisions', 'also show what each server decided about a request, and by which policy')
    .option('--dns', 'also show the questions to the DNS of the lab, and its answers')
    .option('--for <SPAN>', 'end after this time, e.g. 10s')
    .option('--count <N>', 'end after N entries')
  common(filterOptions(command), 'siplab trace --since 5m --user alice --format ladder').action(
    (name: string | undefined, options: TraceOptions) => trace(io, name, options),
  )
}

function filterOptions(command: Command): Command {
  return command
    .option('--call <ID>', 'show only messages with this Call-ID, and failed handshakes')
    .option('--user <NAME>', 'show only messages from or to this user (alice or alice@lab.test), and failed handshakes')
    .option(
      '--method <METHOD>',
      'show only requests of this method and their responses; INVITE,ACK for several',
      (value: string, all: readonly string[]) => [...all, ...value.split(',')],
      [],
    )
    .option('--hep <HOST:PORT>', 'send the trace to a collector such as Homer (HEP version 3, udp), and print no text')
    .option('--from <FILE>', 'read an earlier trace in JSON lines, not the running lab; - reads standard input')
}

async function trace(io: Io, name: string | undefined, options: TraceOptions): Promise<void> {
  const lab = options.from === undefined ? chooseRunningLab(io, options) : chooseLab(io, options)
  const plan = planOf(lab)
  const sinks = await openSinks(io, plan, options)
  const end = new AbortController()
  const stopListening = io.onInterrupt(() => end.abort())
  const timer =
    options.for === undefined ? undefined : setTimeout(() => end.abort(), readSeconds('--for', options.for) * 1000)
  const wanted = traceFilter(filterOf(options))
  const most = readCount(options.count)
  let seen = 0
  let shown = 0
  for (const sink of sinks) await sink.begin()
  const take = async (entry: TraceEntry): Promise<void> => {
    seen += 1
    if (!wanted(entry) || shown >= most) return
    shown += 1
    for (const sink of sinks) await sink.entry(entry)
    if (shown >= most) end.abort()
  }
  if (options.from === undefined)
    await readTrace(sourcesOf(lab, nodesOf(plan, name, options)), howOf(options), end.signal, take)
  else for await (const entry of traceOfFile(io, options.from)) if (isOf(entry, name)) await take(entry)
  clearTimeout(timer)
  stopListening()
  for (const sink of sinks) await sink.end()
  if (shown === 0) io.err(nothingFound(seen, options))
}

function isOf({ node }: TraceEntry, name: string | undefined): boolean {
  return name === undefined || node === name
}

async function openSinks(io: Io, plan: LabPlan, options: TraceOptions): Promise<readonly Sink[]> {
  const sinkOptions = { io, lab: plan.topology, parties: parties(plan) }
  const sender = options.hep === undefined ? undefined : await openHepSender(readHepTarget(options.hep))
  const hep = sender === undefined ? [] : [hepSink(sender, sinkOptions, plan.network)]
  const format = options.format ?? (options.json === true ? 'jsonl' : hep.length > 0 ? undefined : 'text')
  if (format === 'pcapng' && io.outIsTerminal)
    throw new UsageError(
      '--format pcapng writes octets; send them to a file: siplab trace --format pcapng > trace.pcapng',
    )
  return [...(format === undefined ? [] : [sinkOf(format, sinkOptions)]), ...hep]
}

function nodesOf(plan: LabPlan, name: string | undefined, { dns }: TraceOptions): LabPlan['nodes'] {
  const nodes = name === undefined ? plan.nodes.filter(isSip) : [tracedNode(plan, name)]
  return dns === true ? [...nodes, ...plan.nodes.filter((node) => isDns(node) && node.name !== name)] : nodes
}

function tracedNode(plan: LabPlan, name: string): NodePlan {
  const node = chooseNode(plan, name)
  return isDns(node) ? node : chooseSipServer(plan, name)
}

function sourcesOf(lab: ChosenLab, nodes: LabPlan['nodes']): readonly TraceSource[] {
  return nodes.map((node) =>
    lab.record.stopped[node.name] === undefined
      ? { kind: 'running', client: clientOf(lab, node.name) }
      : {
          kind: 'stopped',
          entries: readEvents(nodeFolder(lab.folder.root, node.name).events).flatMap(
            (event) => entryOfEvent(event) ?? [],
          ),
        },
  )
}

function howOf({ since, follow, for: span, decisions }: TraceOptions): Parameters<typeof readTrace>[1] {
  const follows = since === undefined || follow === true || span !== undefined
  return {
    ...(since === undefined ? {} : { sinceSeconds: readSeconds('--since', since) }),
    follows,
    ...(decisions === true ? { decisions } : {}),
  }
}

function filterOf({ call, user, method }: TraceOptions): TraceFilter {
  const methods = (method ?? []).map((each) => each.trim().toUpperCase())
  const odd = methods.find((each) => !/^[A-Z0-9.!%*_+`'~-]+$/.test(each))
  if (odd !== undefined) throw new UsageError(`--method: wanted a method such as INVITE, found ${JSON.stringify(odd)}`)
  return {
    ...(call === undefined ? {} : { call }),
    ...(user === undefined ? {} : { user }),
    methods,
  }
}

function nothingFound(seen: number, { since }: TraceOptions): string {
  const looked = seen === 0 ? 'nothing was seen' : `${seen} entries were seen, and none fits`
  return since === undefined
    ? `${looked}; --since 5m shows what was before\n`
    : `${looked} in the last ${since}; a node keeps its last messages only (siplab up --keep N)\n`
}

function readCount(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--count: wanted a whole number above 0, found ${JSON.stringify(text)}`)
}

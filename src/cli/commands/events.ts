/**
 * `siplab events [NODE]`: the event files of one node or all, in the order of time. They tell also when the nodes are
 * gone.
 */
import { type Command, Option } from 'commander'
import { type EventLogs, readLogs } from '../../lab/event-tail.ts'
import { type CountedVerdict, countJoined, isDialEvent, joinViews, openJoiner } from '../../lab/join.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { NodeEvent } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { paint } from '../io.ts'
import type { Io, Style } from '../io.ts'
import { verdictText } from '../ready-text.ts'
import { chooseLab, chooseNode, planOf } from '../lab-choice.ts'

interface EventsOptions extends CommonOptions {
  readonly follow?: true
  readonly level: NodeEvent['level']
  readonly joined?: true
}

const levels: readonly NodeEvent['level'][] = ['debug', 'info', 'warn', 'error']

export const eventsCommand: RegisterCommand = (program, { io }) => {
  const command: Command = program
    .command('events [NODE]')
    .summary('show the event log')
    .description('Shows the event log of one node, or of all nodes sorted by time.')
  command
    .option('--follow', 'also show new events, until Ctrl-C')
    .addOption(new Option('--level <LEVEL>', 'show events of this level and above').choices(levels).default('info'))
  command.option('--joined', 'show one verdict for each failed connection, from the views of both ends')
  common(command, 'siplab events fe1 --follow').action(async (name: string | undefined, options: EventsOptions) => {
    const lab = chooseLab(io, options)
    const plan = planOf(lab)
    const nodes = name === undefined ? plan.nodes : [chooseNode(plan, name)]
    const files = nodes.map((node) => nodeFolder(lab.folder.root, node.name).events)
    const logs = readLogs(files)
    if (options.joined === true) return showJoined(io, options, logs)
    const least = levels.indexOf(options.level)
    const show = (event: NodeEvent): void => {
      if (levels.indexOf(event.level) >= least)
        io.out(options.json === true ? `${JSON.stringify(event)}\n` : line(io, event))
    }
    logs.events.forEach(show)
    if (options.follow === true) await follow(io, logs, show)
  })
}

function showJoined(io: Io, { json, follow: follows }: EventsOptions, logs: EventLogs): void | Promise<void> {
  const print = ({ verdict, first, last, count }: CountedVerdict): void => {
    if (json === true) return io.out(`${JSON.stringify({ ...verdict, first, last, count })}\n`)
    const often = count === 1 ? '' : ` (${count} times, last ${last})`
    io.out(`${first} ${verdictText(verdict)}${often}\n`)
  }
  for (const one of countJoined(logs.events)) print(one)
  const show = (verdict: Verdict): void => {
    const now = new Date().toISOString()
    print({ verdict, first: now, last: now, count: 1 })
  }
  if (follows !== true) return
  const joiner = openJoiner(show)
  return follow(io, logs, (event) => (isDialEvent(event) ? show(joinViews([event])) : joiner.add(event)))
}

function follow(io: Io, logs: EventLogs, show: (event: NodeEvent) => void): Promise<void> {
  const tails = logs.follow(show)
  // The tails poll without keeping the process alive; this timer does.
  const alive = setInterval(() => undefined, 60_000)
  return new Promise((resolve) => {
    const stop = io.onInterrupt(() => {
      stop()
      clearInterval(alive)
      for (const tail of tails) tail.stop()
      resolve()
    })
  })
}

const colours: Readonly<Record<NodeEvent['level'], Style>> = {
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
}

/** `2026-11-28T12:00:00.123Z fe1 error certificate.not-loaded A configured certificate could not be loaded`. */
function line(io: Io, { time, node, level, event, message, eventId, verdict }: NodeEvent): string {
  const number = eventId === undefined ? '' : ` [${eventId}]`
  const head =
    `${time} ${node.padEnd(12)} ` +
    `${paint(io.colours.out, colours[level], level.padEnd(5))} ${event.padEnd(26)} ${message}${number}\n`
  if (verdict === undefined) return head
  const windows = verdict.windows === undefined ? '' : ` (${verdict.windows.hresult} ${verdict.windows.name})`
  const found = verdict.found === undefined ? '' : `, found: ${verdict.found}`
  const fix = verdict.fix === undefined ? '' : `; ${verdict.fix}`
  return `${head}${' '.repeat(time.length + 1)}${verdict.code}${windows}${found}${fix}\n`
}

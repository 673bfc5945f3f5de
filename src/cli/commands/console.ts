/** `siplab console`: the page of a lab, as a process of its own on loopback, over the nodes' control sockets. */
import { join } from 'node:path'
import { type Console, openConsole } from '../../console/server.ts'
import type { Commands } from '../../console/commands.ts'
import { type FollowedLab, openFeeds } from '../../console/feeds.ts'
import { readPage } from '../../console/page-files.ts'
import { internalRoot } from '../../lab/provision.ts'
import type { ReadyDocument } from '../../lab/ready-document.ts'
import { LabError } from '../../lab/lab-error.ts'
import { packageFolder } from '../../topology/package-folder.ts'
import { planLab } from '../../topology/plan.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import { common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { commandsAsProcesses, commandsInside } from '../console-commands.ts'
import type { Io } from '../io.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import { isDns, isSip } from '../trace/parties.ts'
import { packageVersion } from '../package.ts'
import { chooseTopology } from '../topology-options.ts'
import { UsageError } from '../usage-error.ts'
import { networkOption } from '../topology-options.ts'

interface ConsoleCommandOptions extends CommonOptions {
  readonly port: string
  readonly readOnly?: true
}

export const consoleCommand: RegisterCommand = (program, { io, run }) => {
  const command = program
    .command('console')
    .summary('show a lab in the browser')
    .description(
      'Serves the web page of a lab on 127.0.0.1 until Ctrl-C, and prints its address. An address opens the page ' +
        'once; press Enter to print another. The page displays the siplab command of each action.',
    )
    .option('--port <PORT>', 'listen on this port of 127.0.0.1; 0 takes any free port', '0')
    .option('--read-only', 'let the page change nothing')
  common(command, 'siplab console').action(async (options: ConsoleCommandOptions) => {
    const page = readPage(join(packageFolder, 'dist', 'console'))
    if (!page.has('/index.html'))
      throw new LabError(
        'not-so',
        'console.not-built',
        'the page of the console is not built; npm run bundle builds it',
      )
    const { commands, lab, plan } = await labOf(run, io, options)
    const opened = await openConsole({
      commands,
      lab,
      feeds: openFeeds(commands, lab),
      page,
      readOnly: options.readOnly === true,
      port: readPort(options.port),
      version: packageVersion(),
      sockets: webSockets(plan),
    })
    const tell = (): void => io.out(readyLine(options, plan, opened))
    tell()
    void tellAgain(io, tell)
    await interrupted(io)
    await opened.close()
  })
}

function readyLine({ json, readOnly }: ConsoleCommandOptions, { topology }: LabPlan, opened: Console): string {
  const { port } = opened
  const address = opened.newAddress()
  return json === true
    ? `${JSON.stringify({ event: 'console-ready', address, port, readOnly: readOnly === true })}\n`
    : `The console of ${topology} (opens once; Enter prints another address):\n  ${address}\n`
}

/** Each line on standard input asks for another address. */
async function tellAgain(io: Io, tell: () => void): Promise<void> {
  for await (const _line of io.lines()) tell()
}

function interrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    const stop = io.onInterrupt(() => {
      stop()
      io.closeInput()
      resolve()
    })
  })
}

interface LabOfConsole {
  readonly commands: Commands
  readonly lab: FollowedLab
  readonly plan: LabPlan
}

/** The lab on this machine, or with `--lab compose` the container lab, whose commands run as processes. */
async function labOf(run: CommandContext['run'], io: Io, options: CommonOptions): Promise<LabOfConsole> {
  if (options.lab === 'compose') return containerLab(io)
  const { folder, record } = chooseLab(io, options)
  const plan = planOf({ record })
  const ports = Object.entries(record.ports).flatMap(([node, port]) => ['--port', `${node}=${port}`])
  const exposed = record.expose === undefined ? [] : ['--expose', `outer=${record.expose.outer}`]
  const lab = {
    choose: ['--data', folder.root],
    plan: [
      record.topology,
      '--network',
      networkOption(record.addressing ?? 'loopback', record.network),
      ...ports,
      ...exposed,
    ],
    roots: rootsOf(plan, record.ready?.trust ?? {}),
    ...tracedNodes(plan),
    lookEveryMs: 1500,
  }
  return { commands: commandsInside(run, io), lab, plan }
}

async function containerLab(io: Io): Promise<LabOfConsole> {
  const commands = commandsAsProcesses(io)
  const choose = ['--lab', 'compose']
  const { out, complaint } = await commands.run(['status', '--json', ...choose])
  const named = /^\{"lab":"([^"]+)"/.exec(out.toString('utf8'))?.[1]
  if (named === undefined) throw new LabError('not-so', 'lab.none', complaint.trim())
  const plan = planLab(chooseTopology(io, named).topology, { addressing: 'containers' })
  // Every look starts a process and asks the container engine.
  const lab = { choose, plan: [named, '--containers'], roots: {}, ...tracedNodes(plan), lookEveryMs: 5000 }
  return { commands, lab, plan }
}

function tracedNodes({ nodes }: LabPlan): Pick<FollowedLab, 'sipNodes' | 'dnsNodes'> {
  return {
    sipNodes: nodes.filter(isSip).map(({ name }) => name),
    dnsNodes: nodes.filter(isDns).map(({ name }) => name),
  }
}

/** By the name in the certificate, which is what a browser must dial. */
function webSockets({ phones }: LabPlan): readonly string[] {
  const names = phones.filter(({ transport }) => transport === 'wss').map(({ host, port }) => `wss://${host}:${port}`)
  return [...new Set(names)]
}

function rootsOf(plan: LabPlan, trust: ReadyDocument['trust']): FollowedLab['roots'] {
  const roots = plan.phones.flatMap(({ host, domain, trust: wanted }) => {
    const file = wanted === 'public' ? trust.public : internalRoot(plan, trust, domain)
    return wanted === undefined || file === undefined ? [] : [[host, file] as const]
  })
  return Object.fromEntries(roots)
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new UsageError(`--port: wanted a port, found ${JSON.stringify(text)}`)
}

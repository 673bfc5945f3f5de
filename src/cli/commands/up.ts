/** `siplab up [TOPOLOGY]`: brings a lab up and stays with it; with `--detach` it goes on in the background. */
import { join, resolve } from 'node:path'
import { Option } from 'commander'
import { type ControlClient, controlClient } from '../../lab/control-client.ts'
import { checkExposure } from '../../lab/expose.ts'
import type { LabChange } from '../../lab/ready-document.ts'
import { namespaceVariable } from '../../lab/namespace.ts'
import { bringUp } from '../../lab/up.ts'
import type { RunningLab, UpOptions } from '../../lab/up.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { planLab } from '../../topology/plan.ts'
import type { Topology } from '../../topology/topology.ts'
import { common } from '../command.ts'
import type { RegisterCommand } from '../command.ts'
import { type ConsoleOfLab, startConsoleOf } from '../console-child.ts'
import { detach } from '../detach.ts'
import { ipv6Plan, namespaceFor, runElsewhere } from '../namespace.ts'
import type { ExitStatus } from '../failure.ts'
import { upArguments } from '../up-options.ts'
import type { UpCommandOptions } from '../up-options.ts'
import { paint } from '../io.ts'
import type { Io } from '../io.ts'
import { launcher } from '../package.ts'
import { rehearse } from '../rehearsal.ts'
import { changeText, readyText } from '../ready-text.ts'
import { chooseTopology, defaultTopology, exposing, placement, readPlacement } from '../topology-options.ts'
import type { Placement } from '../topology-options.ts'
import { type HepSender, openHepSender, readHepTarget } from '../trace/hep-sender.ts'
import { followByHep, type LiveHep } from '../trace/live-hep.ts'
import { UsageError } from '../usage-error.ts'
import { wireEnvironment, wireOptions } from '../wire-options.ts'

/** Ctrl-C in a terminal may arrive twice, from the terminal and from npm; that is one request. */
const sameRequestMs = 400

export const upCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('up [TOPOLOGY]')
    .summary('bring a lab up')
    .description(
      'Brings a lab up, each node a process of its own, and stays until Ctrl-C brings it down in order.\nTOPOLOGY ' +
        'is a name of config/ or the path of a lab file.',
    )
    .option('--detach', 'leave it running in the background once it is up')
    .option('--console', 'also serve the web page of the lab, until the lab goes down')
    .option('--fresh', 'begin with an empty data folder')
    .option('--movable-clock', 'let siplab clock move the time of single nodes (needs libfaketime)')
    .option('--peer <PEER>', 'let the gateway of the lab act as this peer (names in docs/policies.md)')
    .option('--on <DAY>', 'with --peer: use the rules of this day (default: the newest on file)')
    .addOption(new Option('--supervised', 'go down when standard input ends').hideHelp())
  common(exposing(placement(wireOptions(command))), `siplab up ${defaultTopology}`).action(
    async (name: string | undefined, options: UpCommandOptions) => finish(await up(io, name, options)),
  )
}

async function up(io: Io, name: string | undefined, options: UpCommandOptions): Promise<ExitStatus> {
  refuseConsoleBehind(options)
  const chosen = chooseTopology(io, name)
  const data = resolve(io.workingFolder, options.data ?? join('.siplab', chosen.topology.name))
  const { topology, source } = rehearse(io, chosen, data, options)
  const placed = readPlacement(options)
  const prefix = await namespaceFor(ipv6Plan(topology, data, { ...placed, fresh: options.fresh === true }))
  if (options.detach === true) await warnBefore(io, placed, topology, options)
  if (options.detach === true) return detach(io, { data, source, options, prefix })
  if (options.console === true && prefix.length > 0)
    throw new UsageError(
      '--console: a browser cannot reach the network namespace of this lab; run siplab console in a second terminal',
    )
  if (prefix.length > 0) return runElsewhere(prefix, upArguments(source, data, options), io)
  const environment = wireEnvironment(io, options)
  return stayWith(io, options, {
    topology,
    source,
    data,
    launcher,
    ...placed,
    inNamespace: io.environment[namespaceVariable] !== undefined,
    fresh: options.fresh === true,
    movableClock: options.movableClock === true,
    environment,
    onProgress: (line) => io.err(`${paint(io.colours.err, 'dim', line)}\n`),
    onChange: (change) => showChange(io, options, change),
  })
}

function refuseConsoleBehind({ console: page, detach: behind }: UpCommandOptions): void {
  if (page === true && behind === true)
    throw new UsageError('--console and --detach exclude each other; start the lab, then run siplab console')
}

/** Until the lab is down; a second Ctrl-C ends every process at once. */
async function stayWith(io: Io, options: UpCommandOptions, up: UpOptions): Promise<ExitStatus> {
  const sender = await hepSenderOf(io, options)
  let hep: LiveHep | undefined
  const giveUp = new AbortController()
  const down = Promise.withResolvers<void>()
  let lab: RunningLab | undefined
  let shown: ConsoleOfLab | undefined
  let stopAskedAt: number | undefined
  const bringDown = (): void => {
    if (stopAskedAt !== undefined) return
    stopAskedAt = performance.now()
    giveUp.abort()
    lab?.stop().then(down.resolve, down.reject)
  }
  const stopListening = io.onInterrupt(() => {
    if (stopAskedAt === undefined) bringDown()
    else if (performance.now() - stopAskedAt > sameRequestMs) {
      io.err('ending every node at once\n')
      lab?.kill()
    }
  })
  if (options.supervised === true) io.onInputEnd(bringDown)
  try {
    lab = await bringUp(up, giveUp.signal)
    if (sender !== undefined) hep = followByHep(io, sender, lab.plan, clientsOf(lab))
    io.out(options.json === true ? `${JSON.stringify(lab.ready)}\n` : readyText(io, lab.ready, lab.plan))
    if (options.console === true) shown = startConsoleOf(io, up.data, options.json === true)
    if (stopAskedAt !== undefined) lab.stop().then(down.resolve, down.reject)
    const lost = await Promise.race([down.promise, lab.lost])
    if (lost !== undefined) throw lost
    return 0
  } finally {
    await shown?.stop()
    stopListening()
    await (hep ?? sender)?.end()
    if (options.supervised === true) io.closeInput()
  }
}

/** Warnings that no one would read from the background process. */
async function warnBefore(
  io: Io,
  { ports, expose }: Placement,
  topology: Topology,
  options: UpCommandOptions,
): Promise<void> {
  if (expose !== undefined) io.err(`${await checkExposure(planLab(topology, { ports, expose }), expose)}\n`)
  if (options.hep !== undefined) io.err(hepWarning(options.hep))
}

function hepWarning(target: string): string {
  readHepTarget(target)
  return `warning: every message of this lab goes to ${target} in the clear (HEP); passwords are blanked out\n`
}

/** The warning comes before the lab: HEP is clear text. */
async function hepSenderOf(io: Io, { hep }: UpCommandOptions): Promise<HepSender | undefined> {
  if (hep === undefined) return undefined
  io.err(hepWarning(hep))
  return openHepSender(readHepTarget(hep))
}

function clientsOf({ folder }: RunningLab): (node: string) => ControlClient {
  return (node) => controlClient(node, nodeFolder(folder.root, node))
}

function showChange(io: Io, options: UpCommandOptions, change: LabChange): void {
  if (options.json === true) return io.out(`${JSON.stringify(change)}\n`)
  io.err(changeText(io, change))
}

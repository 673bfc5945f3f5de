/** `siplab status`: per node its state, since when, and why it stopped. Exit status 1 unless every node is up. */
import { resolve } from 'node:path'
import { controlClient } from '../../lab/control-client.ts'
import { type FaultOn, faultsOfLab } from '../../faults/record.ts'
import { type ForeignLink, foreignLinks } from '../../lab/foreign.ts'
import { LabError } from '../../lab/lab-error.ts'
import { type RefusedLink, refusedLinks } from '../../lab/refused-links.ts'
import type { NodeStatus } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { isAbout } from '../../node/store-verdict.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { UsageError } from '../usage-error.ts'
import type { ExitStatus } from '../failure.ts'
import { verdictText } from '../ready-text.ts'
import { silence } from '../silence.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import type { ChosenLab } from '../lab-choice.ts'
import { networkText } from '../../topology/addressing.ts'

const answerWithinMs = 3000

interface NodeLine {
  readonly name: string
  readonly role: string
  readonly fqdn: string
  readonly state: string
  readonly since?: string
  readonly pid?: number
  readonly exit?: number
  readonly signal?: string
  readonly verdict?: unknown
  readonly status?: NodeStatus
}

interface StatusOptions extends CommonOptions {
  readonly node?: string
}

export const statusCommand: RegisterCommand = (program, { io, finish }) => {
  const command = program
    .command('status')
    .summary('show the state of every node')
    .description('Shows each node of the lab: its state, since when, and why it stopped.')
    .option('--node <NAME>', 'ask only this node, also when no lab runs it (needs --data)')
  common(command, 'siplab status --json').action(async (options: StatusOptions) => {
    if (options.node !== undefined) return finish(await showOne(io, options, options.node))
    finish(await showLab(io, options))
  })
}

async function showLab(io: Io, options: StatusOptions): Promise<ExitStatus> {
  const lab = chooseLab(io, options)
  const containers = foreignNodes(io)
  const plan = planOf(lab)
  const nodes = await Promise.all(plan.nodes.map((node) => nodeLine(lab, node, containers)))
  const statuses = nodes.flatMap(({ status }) => status ?? [])
  const links = refusedLinks(plan, lab.folder.root, statuses)
  const foreign = foreignLinks(plan, lab.folder.root, statuses)
  const faults = faultsOfLab(lab.folder)
  const running = lab.pid !== undefined
  const document = {
    lab: lab.record.name,
    data: lab.folder.root,
    network: lab.record.network,
    running,
    ...(running ? { pid: lab.pid } : {}),
    nodes,
    links,
    ...(plan.foreign.length === 0 ? {} : { foreign }),
    faults,
  }
  answer(
    io,
    options,
    document,
    () =>
      `${text(io, lab, nodes)}${databasesText(statuses)}${linksText(links)}${foreignText(foreign)}` +
      `${faultsText(faults)}${machineText(nodes)}${refusalsText(nodes)}`,
  )
  return nodes.every(({ state }) => state === 'ready') ? 0 : 1
}

/** For a node without a supervisor, such as one in a container: its control socket is all there is. */
async function showOne(io: Io, options: StatusOptions, name: string): Promise<ExitStatus> {
  if (options.data === undefined) throw new UsageError('--node needs --data DIR, the folder that holds nodes/NAME')
  const status = await controlClient(
    name,
    nodeFolder(resolve(io.workingFolder, options.data), name),
    answerWithinMs,
  ).get<NodeStatus>('/status')
  answer(io, options, status, () =>
    [`${name} is ${status.state} since ${status.since}`, ...status.verdicts.map(verdictText), ''].join('\n'),
  )
  return status.state === 'ready' ? 0 : 1
}

/** State of the containers that run a program of their own, as the container engine sees it. */
function foreignNodes({ environment }: Io): Readonly<Record<string, string>> {
  return JSON.parse(environment['SIPLAB_FOREIGN_NODES'] ?? '{}') as Readonly<Record<string, string>>
}

async function nodeLine(
  lab: ChosenLab,
  { name, role, fqdn }: { readonly name: string; readonly role: string; readonly fqdn: string },
  foreign: Readonly<Record<string, string>>,
): Promise<NodeLine> {
  const stopped = lab.record.stopped[name]
  if (lab.pid === undefined || stopped !== undefined) {
    const { at, ...why } = stopped ?? {}
    return { name, role, fqdn, state: 'stopped', ...(at === undefined ? {} : { since: at }), ...why }
  }
  try {
    const status = await controlClient(name, nodeFolder(lab.folder.root, name), answerWithinMs).get<NodeStatus>(
      '/status',
    )
    const [verdict] = status.verdicts
    return {
      name,
      role,
      fqdn,
      state: status.state,
      since: status.since,
      pid: status.pid,
      ...(verdict === undefined ? {} : { verdict }),
      status,
    }
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'node.unreachable') throw error
    if (foreign[name] !== undefined) return { name, role, fqdn, state: foreign[name] }
    return { name, role, fqdn, ...(await silence(lab.folder, name)) }
  }
}

function text(io: Io, lab: ChosenLab, nodes: readonly NodeLine[]): string {
  const network = networkText(lab.record.addressing ?? 'loopback', lab.record.network)
  const state = lab.pid === undefined ? 'down' : `running, process ${lab.pid}, network ${network}`
  const rows = nodes.map((node) => [node.name, node.role, node.state, node.since ?? '', why(node)])
  return (
    `${paint(io.colours.out, 'bold', lab.record.name)} in ${lab.folder.root}: ` +
    `${state}\n${table(['NODE', 'ROLE', 'STATE', 'SINCE', 'WHY'], rows)}`
  )
}

/** `fe1: store.split: two servers …, found: …; stop the server of the older timeline …`. */
function databasesText(statuses: readonly NodeStatus[]): string {
  return statuses
    .flatMap(({ verdicts }) => verdicts.filter((each) => isAbout('pool', each) || isAbout('directory', each)))
    .map((found) => `${verdictText(found)}\n`)
    .join('')
}

function linksText(links: readonly RefusedLink[]): string {
  return links
    .map(
      ({ link, since, verdict }) =>
        `${verdict === undefined ? `${link}: no reason known` : verdictText({ ...verdict, link })} (down since ` +
        `${since})\n`,
    )
    .join('')
}

/** Links with servers of somebody else: one end of each is all that siplab sees. */
function foreignText(links: readonly ForeignLink[]): string {
  return links
    .map(({ link, state, since, verdict, seen }) => {
      const why = verdict === undefined ? '' : `; ${verdict.code}: ${verdict.message}`
      return `foreign ${link}: ${state}${since === undefined ? '' : ` since ${since}`} (${seen})${why}\n`
    })
    .join('')
}

function faultsText(faults: readonly FaultOn[]): string {
  return faults
    .map(
      ({ target, fault, since }) =>
        `fault on ${target}: ${fault}, since ${since}; to remove it: siplab heal '${target}'\n`,
    )
    .join('')
}

/** `fe1 refused 3: registration without identity 2, route.abuse 1`: the law of the borders, row by row. */
export function refusalsText(nodes: readonly Pick<NodeLine, 'name' | 'status'>[]): string {
  return nodes
    .map(({ name, status }) => {
      const rows = Object.entries(status?.refusals ?? {}).toSorted(([, one], [, other]) => other - one)
      if (rows.length === 0) return ''
      const sum = rows.reduce((total, [, count]) => total + count, 0)
      const requests = sum === 1 ? '1 request' : `${sum} requests`
      const parts = rows.map(([row, count]) => `${row} ${count}`)
      return `${name} refused ${requests} by the trust table (siplab plan --format trust): ${parts.join(', ')}\n`
    })
    .join('')
}

/** `fe1 lost 12 lines of its log and 3 events; 40 events wait for the disk (ENOSPC)`; empty: nothing is wrong. */
export function machineText(nodes: readonly Pick<NodeLine, 'name' | 'status'>[]): string {
  return nodes
    .map(({ name, status }) => {
      if (status === undefined) return ''
      const { state, events, log } = status.machine
      const { lost: lines, error } = log ?? { lost: 0 }
      if (state === 'ok' && lines + events.lost === 0) return ''
      const why = [...new Set([error, events.error])].filter((code) => code !== undefined).join(', ')
      return (
        `${name} lost ${lines} lines of its log and ${events.lost} events; ${events.waiting} events wait for the disk` +
        `${why === '' ? '' : ` (${why})`}\n`
      )
    })
    .join('')
}

function why({ exit, signal, verdict }: NodeLine): string {
  const sentence =
    typeof verdict === 'object' && verdict !== null && 'message' in verdict ? String(verdict.message) : undefined
  const ending = exit !== undefined ? `exit ${exit}` : signal
  return [ending, sentence].filter((part) => part !== undefined).join(': ')
}

/** `siplab status`: per node its state, since when, and why it stopped. Exit status 1 unless every node is up. */
import { controlClient } from '../../lab/control-client.ts'
import { LabError } from '../../lab/lab-error.ts'
import type { NodeStatus } from '../../roles/control-api.ts'
import { nodeFolder } from '../../roles/node-folder.ts'
import { answer, common } from '../command.ts'
import type { CommonOptions, RegisterCommand } from '../command.ts'
import { paint, table } from '../io.ts'
import type { Io } from '../io.ts'
import { chooseLab, planOf } from '../lab-choice.ts'
import type { ChosenLab } from '../lab-choice.ts'

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

export const statusCommand: RegisterCommand = (program, { io, finish }) => {
  common(program.command('status').summary('show what runs').description('Shows each node of the lab: its state, since when, and why it stopped.'), 'siplab status --json').action(async (options: CommonOptions) => {
    const lab = chooseLab(io, options)
    const nodes = await Promise.all(planOf(lab).nodes.map((node) => nodeLine(lab, node)))
    const running = lab.pid !== undefined
    const { name } = lab.record
    answer(io, options, { lab: name, data: lab.folder.root, network: lab.record.network, running, ...(running ? { pid: lab.pid } : {}), nodes }, () => text(io, lab, nodes))
    if (!nodes.every(({ state }) => state === 'ready')) finish(1)
  })
}

async function nodeLine(lab: ChosenLab, { name, role, fqdn }: { readonly name: string; readonly role: string; readonly fqdn: string }): Promise<NodeLine> {
  const stopped = lab.record.stopped[name]
  if (lab.pid === undefined || stopped !== undefined) {
    const { at, ...why } = stopped ?? {}
    return { name, role, fqdn, state: 'stopped', ...(at === undefined ? {} : { since: at }), ...why }
  }
  try {
    const status = await controlClient(name, nodeFolder(lab.folder.root, name), answerWithinMs).get<NodeStatus>('/status')
    const [verdict] = status.verdicts
    return { name, role, fqdn, state: status.state, since: status.since, pid: status.pid, ...(verdict === undefined ? {} : { verdict }), status }
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'node.unreachable') throw error
    return { name, role, fqdn, state: 'silent' }
  }
}

function text(io: Io, lab: ChosenLab, nodes: readonly NodeLine[]): string {
  const state = lab.pid === undefined ? 'down' : `running, process ${lab.pid}, network 127.0.${lab.record.network}.0/24`
  const rows = nodes.map((node) => [node.name, node.role, node.state, node.since ?? '', why(node)])
  return `${paint(io.colours.out, 'bold', lab.record.name)} in ${lab.folder.root}: ${state}\n${table(['NODE', 'ROLE', 'STATE', 'SINCE', 'WHY'], rows)}`
}

function why({ exit, signal, verdict }: NodeLine): string {
  const sentence = typeof verdict === 'object' && verdict !== null && 'message' in verdict ? String(verdict.message) : undefined
  const ending = exit !== undefined ? `exit ${exit}` : signal
  return [ending, sentence].filter((part) => part !== undefined).join(': ')
}

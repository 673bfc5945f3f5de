/**
 * `siplab supervise` and `siplab attend`: the inside of `--lab compose`. The first runs in the service `lab` for as
 * long as the container lab is up; the second is started there by a siplab outside and speaks JSON lines with it.
 */
import { resolve } from 'node:path'
import { superviseContainers } from '../../lab/containers/supervise.ts'
import type { ContainerRequestLine } from '../../lab/containers/container-host.ts'
import type { ToInside, ToOutside } from '../../lab/containers/lines.ts'
import { setClock } from '../../lab/clock.ts'
import { tailEvents } from '../../lab/event-tail.ts'
import { LabError } from '../../lab/lab-error.ts'
import { supervisorClient } from '../../lab/supervisor-control.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import { planLab } from '../../topology/plan.ts'
import type { CommandContext, RegisterCommand } from '../command.ts'
import { runInProcess } from '../in-process.ts'
import { chooseRunningLab, clientOf, planOf } from '../lab-choice.ts'
import { chooseTopology, placement, readAddressing, readPlacement } from '../topology-options.ts'
import type { PlacementOptions } from '../topology-options.ts'

interface SuperviseOptions extends PlacementOptions {
  readonly topology: string
  readonly data: string
}

export const superviseCommand: RegisterCommand = (program, { io }) => {
  const supervise = program
    .command('supervise', { hidden: true })
    .description('Watches a lab whose nodes are containers; the service lab of a compose file runs it.')
  placement(supervise)
    .requiredOption('--topology <FILE>', 'name or path of the lab file')
    .requiredOption('--data <DIR>', 'folder that holds nodes/NAME')
    .action(async (options: SuperviseOptions) => {
      const { topology, source } = chooseTopology(io, options.topology)
      const plan = planLab(topology, { ...readPlacement(options), ...readAddressing(io, {}) })
      const data = resolve(io.workingFolder, options.data)
      const movableClock = io.environment['SIPLAB_MOVABLE_CLOCK'] === '1'
      if (movableClock) for (const { name, clock = '+0' } of plan.nodes) setClock(nodeFolder(data, name).root, clock)
      const end = await superviseContainers({
        plan,
        source,
        data,
        movableClock,
        onProgress: (line) => io.err(`${line}\n`),
      })
      await new Promise<void>((ended) => {
        const stop = io.onInterrupt(() => {
          stop()
          ended()
        })
      })
      await end()
    })
}

/** Until standard input ends. */
export const attendCommand: RegisterCommand = (program, context) => {
  const { io } = context
  program
    .command('attend', { hidden: true })
    .description(
      'Runs inside the container lab: sends events to the siplab outside and obeys its requests, as JSON lines.',
    )
    .requiredOption('--data <DIR>', 'folder that holds nodes/NAME')
    .action(async (options: { readonly data: string }) => {
      const lab = chooseRunningLab(io, options)
      const tell = (line: ToOutside): void => io.out(`${JSON.stringify(line)}\n`)
      const tails = planOf(lab).nodes.map(({ name }) =>
        tailEvents(nodeFolder(lab.folder.root, name).events, 'start', (event) => tell({ kind: 'event', event })),
      )
      const end = new AbortController()
      const requests = sendRequests(
        supervisorClient(lab.folder).lines<ContainerRequestLine>('/wishes', end.signal),
        tell,
      )
      for await (const line of io.lines()) void obey(context, options, JSON.parse(line) as ToInside, tell)
      end.abort()
      for (const tail of tails) tail.stop()
      await requests
    })
}

async function sendRequests(
  requests: AsyncIterable<ContainerRequestLine>,
  tell: (line: ToOutside) => void,
): Promise<void> {
  for await (const line of requests) tell(line)
}

async function obey(
  { io, run }: CommandContext,
  options: { readonly data: string },
  line: ToInside,
  tell: (line: ToOutside) => void,
): Promise<void> {
  const lab = chooseRunningLab(io, options)
  switch (line.kind) {
    case 'command':
      return tell({
        kind: 'outcome',
        id: line.id,
        outcome: await runInProcess(run, io, [...line.args, '--data', options.data, '--json']),
      })
    case 'ask':
      return tell({
        kind: 'answer',
        id: line.id,
        ...(await ask(() =>
          line.body === undefined
            ? clientOf(lab, line.node).get(line.path)
            : clientOf(lab, line.node).post(line.path, line.body),
        )),
      })
    case 'standing':
      return tell({ kind: 'answer', id: line.id, value: lab.record.stopped[line.node] })
    case 'wish-done':
      return void (await supervisorClient(lab.folder).post('/wish-done', {
        id: line.id,
        ...(line.error === undefined ? {} : { error: line.error }),
      }))
    default:
      return line satisfies never
  }
}

/** A node that is just stopping does not answer: the caller gets the error as a value, nothing is thrown. */
async function ask(call: () => Promise<unknown>): Promise<{ readonly value: unknown } | { readonly error: string }> {
  try {
    return { value: await call() }
  } catch (error) {
    if (error instanceof LabError) return { error: error.message }
    throw error
  }
}

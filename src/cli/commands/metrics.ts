/** `siplab metrics`: the running lab in the text format of Prometheus, once or served. */
import type { TimelineEntry } from '../../lab/renewal/timeline.ts'
import { whileRunning } from '../../lab/links.ts'
import { exposition, type Exposition } from '../../metrics/exposition.ts'
import { labMetrics, type StatusDocument } from '../../metrics/lab-metrics.ts'
import { common } from '../command.ts'
import type { CommandContext, CommonOptions, RegisterCommand } from '../command.ts'
import { runInProcess } from '../in-process.ts'
import { chooseLab, clientOf } from '../lab-choice.ts'
import { readListen, serveUntilInterrupt } from '../listen.ts'
import type { Io } from '../io.ts'

interface MetricsOptions extends CommonOptions {
  readonly listen?: string
}

export const metricsCommand: RegisterCommand = (program, context) => {
  const command = program
    .command('metrics')
    .summary('print or serve metrics for Prometheus')
    .description(
      'Prints the state of the lab in the text format of Prometheus: nodes, links with their verdicts, faults that ' +
        'are on, and the days until each certificate ends. With --listen it serves /metrics until Ctrl-C.',
    )
    .option('--listen <ADDRESS>', 'serve on PORT of loopback, or on ADDRESS:PORT')
  common(command, 'siplab metrics --listen 9116').action(async (options: MetricsOptions) => {
    const { io, finish } = context
    const { root } = chooseLab(io, options).folder
    const { listen } = options
    if (listen === undefined) {
      const { text } = await measure(context, root)
      return io.out(options.json === true ? `${JSON.stringify({ metrics: text })}\n` : text)
    }
    finish(
      await serveUntilInterrupt(io, options, {
        ...readListen(listen),
        pages: ['/metrics'],
        answer: async (path) =>
          path === '/metrics'
            ? { status: 200, ...(await shared(context, root)) }
            : { status: path === '/' ? 200 : 404, text: '/metrics\n' },
      }),
    )
  })
}

let underWay: Promise<Exposition> | undefined

/** However many ask at one time, the nodes are asked once. */
function shared(context: CommandContext, root: string): Promise<Exposition> {
  underWay ??= measure(context, root).finally(() => (underWay = undefined))
  return underWay
}

async function measure({ io, run }: CommandContext, root: string): Promise<Exposition> {
  const ask = async (...args: readonly string[]): Promise<unknown> => {
    const { document, complaint } = await runInProcess(run, io, [...args, '--json', '--data', root])
    if (typeof document === 'object' && document !== null && !('error' in document)) return document
    throw new Error(`siplab ${args.join(' ')}: ${complaint.trim()}`)
  }
  const status = (await ask('status')) as StatusDocument
  const { certificates } = (await ask('timeline')) as { readonly certificates: readonly TimelineEntry[] }
  return exposition(labMetrics({ status, certificates, counters: await countersOf(io, root, status) }))
}

async function countersOf(
  io: Io,
  root: string,
  { nodes }: StatusDocument,
): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  const { folder } = chooseLab(io, { data: root })
  const answers = await Promise.all(
    nodes
      .filter(({ status }) => status !== undefined)
      .map(async ({ name }) => {
        const said = await whileRunning(clientOf({ folder }, name).get<Readonly<Record<string, number>>>('/metrics'))
        return said === undefined ? [] : [[name, said] as const]
      }),
  )
  return Object.fromEntries(answers.flat())
}

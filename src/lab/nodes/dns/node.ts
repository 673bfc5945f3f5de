/**
 * The node `dns`: every view of its organisation on its own address, and the control requests that break its answers.
 */
import { z } from 'zod'
import { ControlUsageError, json } from '../../../node/control/control-server.ts'
import { nodeFolder } from '../../../node/control/node-folder.ts'
import { keepFaults, keptFaults } from '../../../node/kept-faults.ts'
import { traceLines } from '../../../node/control/trace-lines.ts'
import type { ListenerStatus } from '../../../node/control/control-api.ts'
import { startHelperNode } from '../helper-node.ts'
import type { NodeStart, RunningNode } from '../helper-node.ts'
import type { DnsFault } from './faults.ts'
import { QuestionLog } from './question-log.ts'
import { openDnsServer } from './server.ts'

const name = z.string().min(1).max(253).optional()
const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('wrong-target'), name, target: z.string().min(1).max(253) }),
  z.strictObject({ kind: z.literal('nxdomain'), name }),
  z.strictObject({ kind: z.literal('silent'), name }),
  z.strictObject({ kind: z.literal('slow'), name, afterMs: z.int().min(1).max(60_000) }),
])
const faults = z.array(fault).max(64)

/**
 * `GET /trace`: questions and answers. `GET /dns-faults` and `POST /dns-faults` with the whole list; an empty
 * list removes every fault.
 */
export function startDnsNode(start: NodeStart): Promise<RunningNode> {
  const { settings } = start.plan
  const folder = nodeFolder(start.dataDir, start.plan.name)
  if (settings.kind !== 'dns') throw new Error(`${start.plan.name} is no DNS server`)
  return startHelperNode(start, async (recorder) => {
    const questions = new QuestionLog(start.plan.name, Date.now)
    const server = await openDnsServer(settings.views, (asked) => questions.add(asked))
    const kept = faults.parse(keptFaults(folder))
    server.setFaults(kept as readonly DnsFault[])
    if (kept.length > 0) recorder.record('link.fault', { message: `DNS answers are still broken: ${kindsOf(kept)}` })
    const listeners = server.views.flatMap((view): readonly ListenerStatus[] => {
      const face = view.name === 'external' ? 'external' : 'internal'
      return (['udp', 'tcp'] as const).map((transport) => ({ face, transport, address: view.address, port: view.port }))
    })
    return {
      listeners,
      metrics: () => ({ questions: server.asked() }),
      close: () => server.close(),
      routes: {
        'GET /trace': (call) => traceLines([questions], call),
        'GET /dns-faults': () => json(server.faults()),
        'POST /dns-faults': ({ body }) => {
          const parsed = faults.safeParse(body)
          if (!parsed.success)
            throw new ControlUsageError(`wanted a list of DNS faults: ${z.prettifyError(parsed.error)}`)
          server.setFaults(parsed.data as readonly DnsFault[])
          keepFaults(folder, parsed.data)
          recorder.record('link.fault', {
            message:
              parsed.data.length === 0 ? 'DNS answers are healed' : `DNS answers are broken: ${kindsOf(parsed.data)}`,
          })
          return json({})
        },
      },
    }
  })
}

function kindsOf(broken: z.infer<typeof faults>): string {
  return broken.map(({ kind }) => kind).join(', ')
}

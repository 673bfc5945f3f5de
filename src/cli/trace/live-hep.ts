/** `siplab up --hep HOST:PORT`: every message and handshake of a running lab to a collector, as it passes. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ControlClient } from '../../lab/control-client.ts'
import { LabError } from '../../lab/lab-error.ts'
import type { LabPlan } from '../../topology/plan-types.ts'
import type { TraceLine } from '../../node/control/control-api.ts'
import type { Io } from '../io.ts'
import type { HepSender } from './hep-sender.ts'
import { isSip, parties } from './parties.ts'
import { hepSink } from './sinks.ts'

/** A node that ended may come back; its next process has a trace of its own. */
const lookAgainMs = 500
/** What was kept before the reader came: the handshakes of the start. */
const sinceSeconds = 3600

export interface LiveHep {
  /** Says what went where. */
  end(): Promise<void>
}

/** @param clientOf the control client of a node, by name */
export function followByHep(
  io: Io,
  sender: HepSender,
  plan: LabPlan,
  clientOf: (node: string) => Pick<ControlClient, 'lines'>,
): LiveHep {
  const sink = hepSink(sender, { io, lab: plan.topology, parties: parties(plan) }, plan.network)
  const giveUp = new AbortController()
  const { signal } = giveUp
  const readers = plan.nodes.filter(isSip).map(async ({ name }) => {
    while (!signal.aborted) {
      try {
        for await (const line of clientOf(name).lines<TraceLine>(`/trace?since=${sinceSeconds}&follow=1`, signal))
          if (line.kind !== 'live') await sink.entry(line)
      } catch (error) {
        if (!(error instanceof LabError) || error.code !== 'node.unreachable') throw error
      }
      await pause(signal)
    }
  })
  const all = Promise.allSettled(readers)
  return {
    async end() {
      giveUp.abort()
      const failed = (await all).find(({ status }) => status === 'rejected')
      await sink.end()
      if (failed?.status === 'rejected') throw failed.reason
    },
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(lookAgainMs, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/**
 * Puts a placed fault on a running lab and takes it off: edits, the record of them, and the nodes that take them up.
 */
import { labFolder } from '../lab/lab-folder.ts'
import { LabError } from '../lab/lab-error.ts'
import { whileRunning } from '../lab/links.ts'
import { startNode, stopNode } from '../lab/nodes/node-restart.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { type Watch, watchEvents } from '../lab/watch.ts'
import type { ChangeReport } from '../node/control/control-api.ts'
import { apply, undo } from './edits.ts'
import type { Outcome, Placement } from './placement.ts'
import { type FaultRecord, noteFault, touchedBy, undoOf } from './record.ts'

const startWithinMs = 20_000

/**
 * The fault is on record before its first edit, so that `heal` can undo what an interrupted `break` began.
 *
 * @throws LabError `node.stopped` before anything is changed, where a node that must load the fault does not run
 */
export async function put(lab: RunningLabAccess, placement: Placement): Promise<Outcome> {
  const { target, fault, edits, restarts } = placement
  const as = placement.as === undefined ? {} : { as: placement.as }
  await refuseStopped(lab, placement)
  const since = new Date().toISOString()
  noteFault(labFolder(lab.root), { target, fault, since, ...as, edits: edits.map(undoOf), restarts })
  return putUnrecorded(lab, placement)
}

/** The edits of a fault and no record of them: the node is simply broken, and `heal` knows of nothing. */
export async function putUnrecorded(lab: RunningLabAccess, placement: Placement): Promise<Outcome> {
  const { target, fault, story, edits, restarts } = placement
  const as = placement.as === undefined ? {} : { as: placement.as }
  const running = reloaded(placement)
  const watch = watchEvents(lab.plan, lab.root)
  try {
    for (const node of restarts) await stopNode(lab, node)
    await apply(lab, edits)
    const reports = await Promise.all(running.map((node) => lab.clientOf(node).post<ChangeReport>('/reload')))
    let ready = true
    for (const node of restarts) ready = (await startNode(lab, node)) && ready
    const seen = await placement.look({ watch, reports, ready })
    const notes = [...seen.notes, ...(await follow(lab, placement, watch))]
    return { target, fault, ...as, story, ...seen, notes, restarted: restarts.length > 0 }
  } finally {
    watch.stop()
  }
}

/** The nodes that load the edits while they run. */
function reloaded({ edits, restarts }: Placement): readonly string[] {
  return touchedBy(edits.map(undoOf)).filter((node) => !restarts.includes(node))
}

async function refuseStopped(lab: RunningLabAccess, placement: Placement): Promise<void> {
  const asked = placement.edits.flatMap((edit) => (edit.kind === 'request' ? [edit.node] : []))
  for (const node of new Set([...reloaded(placement), ...asked]))
    if ((await whileRunning(lab.clientOf(node).get('/status'))) === undefined)
      throw new LabError('not-so', 'node.stopped', `${node} does not run; start it first: siplab node start ${node}`)
}

async function follow(lab: RunningLabAccess, { then }: Placement, watch: Watch): Promise<readonly string[]> {
  if (then === undefined) return []
  await apply(lab, then.edits)
  await lab.clientOf(then.reload).post<ChangeReport>('/reload')
  return then.look(lab, watch)
}

/** Undoes the edits of a fault; every node that bore a part of it takes up what it has again. */
export async function takeOff(lab: RunningLabAccess, { edits, restarts }: FaultRecord): Promise<void> {
  for (const node of restarts) await stopNode(lab, node)
  await undo(lab, edits)
  for (const node of touchedBy(edits).filter((each) => !restarts.includes(each))) await reloadOrStart(lab, node)
  for (const node of restarts) await startNode(lab, node)
}

/** A node that died of the fault is started again. */
async function reloadOrStart(lab: RunningLabAccess, node: string): Promise<void> {
  const report = await whileRunning(lab.clientOf(node).post<ChangeReport>('/reload'))
  if (report !== undefined) return
  await Promise.race([startNode(lab, node), late(node)])
}

function late(node: string): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(
      () =>
        reject(
          new LabError(
            'not-so',
            'node.slow',
            `${node} did not start within ${startWithinMs / 1000} s; siplab events ${node} says why`,
          ),
        ),
      startWithinMs,
    ).unref()
  })
}

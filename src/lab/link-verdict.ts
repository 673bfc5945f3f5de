/** Why one link of a running lab is down, asked now: for `lab.verdict('director->fe1')` of the library. */
import { setTimeout as delay } from 'node:timers/promises'
import type { NodeStatus } from '../node/control/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { isSymptom } from './join.ts'
import { labFolder, readRecord } from './lab-folder.ts'
import { LabError } from './lab-error.ts'
import { dialledNames, whileRunning } from './links.ts'
import { refusedLinks } from './refused-links.ts'
import type { RunningLabAccess } from './running-lab.ts'

const lookEveryMs = 50

/**
 * @param name `director->fe1`: who dials whom
 * @param withinMs how long the cause of a link that is down is waited for
 * @returns undefined when the link is up
 * @throws LabError `link.unknown`
 */
export async function linkVerdict(lab: RunningLabAccess, name: string, withinMs: number): Promise<Verdict | undefined> {
  const { from, to } = endsOf(lab, name)
  const until = performance.now() + withinMs
  for (;;) {
    const { isUp, verdict } = await look(lab, name, from, to)
    const isSettled = isUp || (verdict !== undefined && !isSymptom(verdict.code))
    if (isSettled || performance.now() >= until) return verdict
    await delay(lookEveryMs)
  }
}

function endsOf({ plan }: RunningLabAccess, name: string): { readonly from: NodePlan; readonly to: NodePlan } {
  const [dialler, acceptor] = name.split('->')
  const from = plan.nodes.find((node) => node.name === dialler)
  const to = plan.nodes.find((node) => node.name === acceptor)
  if (from !== undefined && to !== undefined) return { from, to }
  throw unknownLink(plan.topology, name, 'the nodes are ' + plan.nodes.map((node) => node.name).join(', '))
}

function unknownLink(topology: string, name: string, known: string): LabError {
  return new LabError(
    'usage',
    'link.unknown',
    `wanted a link of the lab ${topology} such as director->fe1, found ${JSON.stringify(name)}; ${known}`,
  )
}

interface Look {
  readonly isUp: boolean
  readonly verdict: Verdict | undefined
}

async function look(lab: RunningLabAccess, name: string, from: NodePlan, to: NodePlan): Promise<Look> {
  const status = await whileRunning(lab.clientOf(from.name).get<NodeStatus>('/status'))
  // The dialler is gone, and with it the link: why it stopped.
  if (status === undefined) return { isUp: false, verdict: stopVerdict(lab, from.name) }
  const names = dialledNames(to)
  const links = status.links.filter(({ peer }) => names.includes(peer))
  if (links.length === 0) {
    const peers = status.links.map(({ peer }) => peer).join(', ')
    throw unknownLink(lab.plan.topology, name, `${from.name} dials ${peers === '' ? 'no peer' : peers}`)
  }
  if (links.every(({ state }) => state === 'up')) return { isUp: true, verdict: undefined }
  const refused = refusedLinks(lab.plan, lab.root, [{ ...status, links }])
  return { isUp: false, verdict: refused.find(({ verdict }) => verdict !== undefined)?.verdict }
}

function stopVerdict({ root }: RunningLabAccess, node: string): Verdict | undefined {
  return readRecord(labFolder(root))?.stopped[node]?.verdict
}

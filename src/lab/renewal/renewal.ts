/**
 * A renewal drill: certificates are renewed in stages on a running lab, and after each stage every link is dialled
 * anew, so that it is seen who loses whom and when. What a live link still shows is read before that.
 */
import type { Verdict } from '../../verdicts/verdict.ts'
import type { FlowStatus, NodeStatus } from '../../node/control/control-api.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { type LabLink, linkName, linksOf, redial, whileRunning } from '../links.ts'
import { watchEvents } from '../watch.ts'
import type { DrillStage } from './renewal-stages.ts'
import type { RunningLabAccess } from '../running-lab.ts'

/** A live connection that still shows what its acceptor no longer has in use. */
interface KeptConnection {
  /** `director->fe1` */
  readonly link: string
  /** Serial it was opened with. */
  readonly shown: string
  /** Serial a new handshake gets. */
  readonly now: string
}

interface LostLink {
  readonly link: string
  /** Why, joined from both ends where both wrote; absent when neither said anything in time. */
  readonly verdict?: Verdict
}

export interface StageReport {
  readonly title: string
  /** Before anything was dialled anew. */
  readonly keeps: readonly KeptConnection[]
  /** Links that were up before this stage and are not after it. */
  readonly lost: readonly LostLink[]
  readonly regained: readonly string[]
  /** Everything that is down after this stage. */
  readonly down: readonly string[]
  /** What a node refused to take, in its words. */
  readonly refused: readonly string[]
}

export interface DrillReport {
  readonly stages: readonly StageReport[]
  /** Every link that was lost at some stage. */
  readonly lost: readonly string[]
  /** Every link is up at the end. */
  readonly whole: boolean
}

const verdictWithinMs = 2000

/** @param onStage called after each */
export async function runDrill(
  lab: RunningLabAccess,
  stages: readonly DrillStage[],
  onStage: (stage: StageReport) => void,
): Promise<DrillReport> {
  const servers = lab.plan.nodes.filter(({ certificates }) => certificates.length > 0)
  const links = (await Promise.all(servers.map((node) => linksOf(lab, node, 'client')))).flat()
  let down: readonly string[] = (await redial(lab, links))
    .filter(({ state }) => state !== 'up')
    .map(({ from, to }) => `${from}->${to}`)
  const reports: StageReport[] = []
  for (const stage of stages) {
    const report = await playStage(lab, { stage, servers, links, down })
    reports.push(report)
    onStage(report)
    down = report.down
  }
  return {
    stages: reports,
    lost: [...new Set(reports.flatMap(({ lost }) => lost.map(({ link }) => link)))].sort(),
    whole: down.length === 0,
  }
}

interface StageSetting {
  readonly stage: DrillStage
  readonly servers: readonly NodePlan[]
  readonly links: readonly LabLink[]
  /** Down before the stage. */
  readonly down: readonly string[]
}

async function playStage(
  lab: RunningLabAccess,
  { stage, servers, links, down: before }: StageSetting,
): Promise<StageReport> {
  const refused = await stage.act()
  const keeps = await keptConnections(lab, servers)
  const watch = watchEvents(lab.plan, lab.root)
  try {
    const seen = await redial(lab, links)
    const down = seen.filter(({ state }) => state !== 'up')
    const names = down.map(({ from, to }) => `${from}->${to}`)
    const causes = await watch.verdicts(names, names.length === 0 ? 0 : verdictWithinMs)
    const lost = down
      .filter(({ from, to }) => !before.includes(`${from}->${to}`))
      .map(({ from, to, verdict }): LostLink => {
        const link = `${from}->${to}`
        const cause = causes.find((each) => each.verdict.link === link)?.verdict ?? verdict
        return { link, ...(cause === undefined ? {} : { verdict: cause }) }
      })
    const all = new Set(links.map(linkName))
    return {
      title: stage.title,
      keeps,
      lost,
      regained: before.filter((link) => all.has(link) && !names.includes(link)),
      down: names,
      refused,
    }
  } finally {
    watch.stop()
  }
}

/** Live connections between servers of the lab whose acceptor has another certificate in use by now. */
async function keptConnections(
  lab: RunningLabAccess,
  servers: readonly NodePlan[],
): Promise<readonly KeptConnection[]> {
  const inUse = new Map<string, readonly string[]>()
  for (const { name } of servers) {
    const status = await whileRunning(lab.clientOf(name).get<NodeStatus>('/status'))
    inUse.set(
      name,
      (status?.listeners ?? []).flatMap(({ serial }) => serial ?? []),
    )
  }
  const all = await Promise.all(
    servers.map(({ name }) => whileRunning(lab.clientOf(name).get<readonly FlowStatus[]>('/flows'))),
  )
  return all
    .flatMap((flows) => flows ?? [])
    .flatMap(({ link, direction, peer }) => {
      const shownNow = inUse.get(link.split('->')[1] ?? '') ?? []
      const [first] = shownNow
      return direction !== 'dialled' || peer === undefined || first === undefined || shownNow.includes(peer)
        ? []
        : [{ link, shown: peer, now: first }]
    })
}

/** Live connections, of whatever direction, that were opened with one certificate. */
export async function connectionsWith(
  lab: Pick<RunningLabAccess, 'plan' | 'clientOf'>,
  serial: string,
): Promise<readonly string[]> {
  const servers = lab.plan.nodes.filter(({ certificates }) => certificates.length > 0)
  const all = await Promise.all(
    servers.map(({ name }) => whileRunning(lab.clientOf(name).get<readonly FlowStatus[]>('/flows'))),
  )
  const found = all
    .flatMap((flows) => flows ?? [])
    .filter(({ own, peer }) => own === serial || peer === serial)
    .map(({ link }) => link)
  return [...new Set(found)].sort()
}

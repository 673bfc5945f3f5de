/** What a lab has to say of its links: the cause that both ends of a refused one name together, each once. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Verdict } from '../verdicts/verdict.ts'
import type { LinkState, NodeEvent } from '../node/control/control-api.ts'
import type { LabPlan, NodePlan } from '../topology/plan-types.ts'
import { isSymptom, type Joiner, openJoiner } from './join.ts'
import type { SupervisedNode } from './supervised-node.ts'

const mostTold = 1000
/** Both ends of a refused connection have written by then. */
const bothViewsMs = 100

export class LinkNews {
  readonly #plan: LabPlan
  readonly #onRefused: (verdict: Verdict) => void
  readonly #joiner: Joiner
  /** Found while the lab starts. */
  #found: Verdict[] = []
  /** The last code reported for each refused link, so that a dialler that tries again is not reported again. */
  readonly #told = new Map<string, string>()
  #phase: 'gathers' | 'tells' | 'closed' = 'gathers'

  /** @param onRefused told of each link that is refused from `tellFromNow` on */
  constructor(plan: LabPlan, onRefused: (verdict: Verdict) => void) {
    this.#plan = plan
    this.#onRefused = onRefused
    this.#joiner = openJoiner((verdict) => this.#take(verdict))
  }

  add(event: NodeEvent): void {
    this.#joiner.add(event)
    if (event.event === 'link.up' && typeof event.data?.['peer'] === 'string')
      this.#told.delete(this.#linkOf(event.node, event.data['peer']))
  }

  /**
   * A link is up after its first SIP answer. What is still refused when everyone is there is refused for a reason of
   * the lab; what was refused before, while a peer was still starting, is forgotten.
   */
  async probe(nodes: readonly SupervisedNode[]): Promise<void> {
    const states = await Promise.all(nodes.map(probeFrom))
    await delay(bothViewsMs)
    this.#joiner.flush()
    const seen = this.#found
    this.#found = []
    for (const { from, link } of states.flat()) {
      if (link.state !== 'down' || link.verdict === undefined) continue
      const own = { node: from, link: this.#linkOf(from, link.peer), ...link.verdict }
      this.#found.push(seen.findLast((joined) => joined.link === own.link) ?? own)
    }
  }

  /** @returns what was found so far; later refusals go to `onRefused` */
  tellFromNow(): readonly Verdict[] {
    for (const { link, code } of this.#found) if (link !== undefined) this.#told.set(link, code)
    this.#phase = 'tells'
    return this.#found
  }

  /** Nodes that end refuse each other: no news. */
  close(): void {
    this.#phase = 'closed'
  }

  #take(verdict: Verdict): void {
    if (this.#phase === 'closed') return
    if (this.#phase === 'gathers') return void this.#found.push(verdict)
    const link = verdict.link ?? ''
    const known = this.#told.get(link)
    if (known === verdict.code || (known !== undefined && isSymptom(verdict.code))) return
    if (this.#told.size < mostTold) this.#told.set(link, verdict.code)
    this.#onRefused(verdict)
  }

  #linkOf(node: string, peer: string): string {
    return `${node}->${this.#nodeOf(peer)}`
  }

  /** `pool.lab.test` is `fe1`, `director.lab.test` is `director`; a host outside the lab keeps its name. */
  #nodeOf(fqdn: string): string {
    const named = ({ fqdn: own, faces, settings }: NodePlan): boolean =>
      own === fqdn || faces.some((face) => face.fqdn === fqdn) || ('home' in settings && settings.home === fqdn)
    return this.#plan.nodes.find(named)?.name ?? fqdn
  }
}

async function probeFrom({
  plan,
  control,
}: SupervisedNode): Promise<readonly { readonly from: string; readonly link: LinkState }[]> {
  const links = await control.post<readonly LinkState[]>('/probe', {})
  return links.map((link) => ({ from: plan.name, link }))
}

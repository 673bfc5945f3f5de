/**
 * Servers of somebody else in a running lab: the files made for them, whose root our ends trust, and their links as far
 * as our ends see them.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { Authority } from '../certificates/authority.ts'
import { writeKeyFile } from '../certificates/keys.ts'
import type { LinkState, NodeEvent, NodeStatus } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { FaceName, ForeignPlan, LabPlan, Link, NodePlan } from '../topology/plan-types.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { readInOrder } from './event-tail.ts'
import { isSymptom } from './join.ts'

/** `foreign/sbc1/` of the data folder. */
export interface ForeignFolder {
  readonly root: string
  /** Leaf first, then its issuers. Absent on disk where the server brings its own. */
  readonly chain: string
  readonly key: string
  /** The roots of what our ends show: what the server has to trust. */
  readonly roots: string
}

export function foreignFolder(labRoot: string, { name, fqdn }: Pick<ForeignPlan, 'name' | 'fqdn'>): ForeignFolder {
  const root = join(labRoot, 'foreign', name)
  return { root, chain: join(root, `${fqdn}.pem`), key: join(root, `${fqdn}.key`), roots: join(root, 'roots.pem') }
}

/** The links of one foreign server, both ways. */
function linksOfForeign(plan: Pick<LabPlan, 'links'>, { name }: Pick<ForeignPlan, 'name'>): readonly Link[] {
  return plan.links.filter(({ from, to }) => from.name === name || to.name === name)
}

/**
 * Issues what is missing; what is there stays, as with nodes.
 *
 * @param renew issue in any case
 */
export function provisionForeign(
  plan: Pick<LabPlan, 'links'>,
  server: ForeignPlan,
  authority: Authority,
  { labRoot, now, renew = false }: { readonly labRoot: string; readonly now: number; readonly renew?: boolean },
): ForeignFolder {
  const folder = foreignFolder(labRoot, server)
  mkdirSync(folder.root, { recursive: true, mode: 0o700 })
  const kinds = linksOfForeign(plan, server).flatMap(({ from, verification }) => {
    const kind = from.name === server.name ? verification?.dialler.trustRoot : verification?.acceptor?.trustRoot
    return kind === undefined || kind === 'own' ? [] : [kind]
  })
  writeFileAtomic(folder.roots, [...new Set(kinds)].map((kind) => authority.trust(kind).pem).join(''))
  if (server.certificate === undefined || (existsSync(folder.chain) && !renew)) return folder
  const issued = authority.issue(server.certificate.request, now)
  writeKeyFile(folder.key, issued.keyPem)
  writeFileAtomic(folder.chain, issued.chainPem)
  return folder
}

/** What one face of a node has to trust because of the foreign servers that it talks to. */
export interface ForeignTrust {
  readonly public: boolean
  /** PEM of the roots that they bring along. */
  readonly own: readonly string[]
}

export function foreignTrust(plan: LabPlan, node: NodePlan, face: FaceName): ForeignTrust {
  const names = [node.name, ...plan.nodes.flatMap((each) => (hasBackend(each, node) ? [each.name] : []))]
  const here = ({ name, face: at = 'internal' }: Link['from']): boolean => names.includes(name) && at === face
  const linked = plan.foreign.filter((server) =>
    linksOfForeign(plan, server).some(({ from, to }) => here(from) || here(to)),
  )
  return {
    public: linked.some(({ certificate }) => certificate?.request.authority === 'public'),
    own: linked.flatMap(({ root }) => (root === undefined ? [] : [root.endsWith('\n') ? root : `${root}\n`])),
  }
}

function hasBackend({ settings }: NodePlan, { name }: NodePlan): boolean {
  return settings.kind === 'load-balancer' && settings.backends.some(({ node }) => node === name)
}

/** A link with a foreign server, by what our end of it has seen. */
export interface ForeignLink {
  /** `fe1->sbc1`. */
  readonly link: string
  /** `unseen`: our end has seen nothing of it. */
  readonly state: LinkState['state'] | 'unseen'
  /** When our end saw it so. Absent: never. */
  readonly since?: string
  /** Why it is down. */
  readonly verdict?: Verdict
  /** What our end can see of this direction. */
  readonly seen: string
}

/**
 * Every link that the plan allows, both ways.
 *
 * @param statuses of the nodes that answer
 * @param of absent: of every foreign server
 */
export function foreignLinks(
  plan: LabPlan,
  labRoot: string,
  statuses: readonly NodeStatus[],
  of?: ForeignPlan,
): readonly ForeignLink[] {
  const servers = of === undefined ? plan.foreign : [of]
  return servers.flatMap((server) =>
    linksOfForeign(plan, server)
      .filter(({ allowed, transport }) => allowed && transport === 'tls')
      .map((link) =>
        link.to.name === server.name ? dialled(server, link, statuses) : accepted(plan, labRoot, server, link),
      ),
  )
}

function dialled({ fqdn }: ForeignPlan, { from, to }: Link, statuses: readonly NodeStatus[]): ForeignLink {
  const link = `${from.name}->${to.name}`
  const state = statuses.find(({ name }) => name === from.name)?.links.find(({ peer }) => peer === fqdn)
  if (state === undefined)
    return {
      link,
      state: 'unseen',
      seen: `${from.name} dials it only for a request, and does not test the link with OPTIONS`,
    }
  const seen = `${from.name} asks OPTIONS`
  return {
    link,
    state: state.state,
    since: state.since,
    ...(state.verdict === undefined ? {} : { verdict: state.verdict }),
    seen,
  }
}

/** The last connection that came under its name decides: up where it was accepted, down where it was refused. */
function accepted(plan: LabPlan, labRoot: string, server: ForeignPlan, { from, to }: Link): ForeignLink {
  const link = `${from.name}->${to.name}`
  const balancer = plan.nodes.find(({ name }) => name === to.name)?.settings
  const nodes = balancer?.kind === 'load-balancer' ? balancer.backends.map(({ node }) => node) : [to.name]
  const files = nodes.map((node) => nodeFolder(labRoot, node).events)
  const last = readInOrder(files).findLast((event) => isArrivalOf(server, event))
  if (last === undefined)
    return { link, state: 'unseen', seen: `${to.name} has seen no connection with its name or from its address` }
  const { time, verdict } = last
  if (last.event === 'flow.accepted')
    return { link, state: 'up', since: time, seen: 'the last connection under its name was accepted' }
  // A symptom says only that the server ended the connection: the cause is in its own log.
  const seen =
    verdict !== undefined && isSymptom(verdict.code)
      ? 'it ended its last connection; its own log says why'
      : 'the last connection under its name was refused'
  return { link, state: 'down', since: time, ...(verdict === undefined ? {} : { verdict }), seen }
}

function isArrivalOf({ fqdn }: ForeignPlan, { event, data, verdict }: NodeEvent): boolean {
  if (event === 'flow.accepted') {
    const names = data?.['names']
    return data?.['side'] === 'accepted' && Array.isArray(names) && names.includes(fqdn)
  }
  if ((event !== 'flow.refused' && event !== 'flow.lost') || verdict?.direction !== 'incoming') return false
  const shown = verdict.certificate?.subjectAltNames.some((each) => each.toLowerCase().replace(/^dns:/, '') === fqdn)
  return shown === true || verdict.link?.startsWith(`${fqdn}->`) === true
}

/** Faults of the DNS: names that do not exist, lead elsewhere, or get no answer. */
import type { NodePlan } from '../topology/plan-types.ts'
import type { DnsFault } from '../lab/nodes/dns/faults.ts'
import { linksOf, redial, type SeenLink } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { Placement, Seen } from './placement.ts'

export interface DnsFaultEntry {
  readonly name: string
  readonly story: string
  readonly verdict?: string
}

/** Nodes dial each other by host name, so a wrong SRV target shows to phones and federation partners only. */
export const dnsFaults: readonly DnsFaultEntry[] = [
  { name: 'wrong-target', story: 'SRV records lead to a host outside the domain.' },
  { name: 'not-found', story: 'Names do not exist.', verdict: 'dns.not-found' },
  { name: 'silent', story: 'The DNS server does not answer.', verdict: 'dns.unreachable' },
  { name: 'slow', story: 'The DNS server answers later than a server waits for it.', verdict: 'dns.unreachable' },
]

/** A resolver asks twice, and waits 2 s, then 4 s (src/sip/transport/dial/resolver.ts). */
const tooLateMs = 9000

const elsewhere = 'sip.elsewhere.test'

/** Each resolver keeps the names of nodes for a second. */
const forgottenAfterMs = 1100

export function dnsFault(
  lab: RunningLabAccess,
  node: NodePlan,
  entry: DnsFaultEntry,
  options: { readonly name?: string; readonly target?: string },
): Placement {
  return {
    target: node.name,
    fault: entry.name,
    story: entry.story,
    edits: [
      { kind: 'request', node: node.name, path: '/dns-faults', body: [answersOf(entry.name, options)], undo: [] },
    ],
    restarts: [],
    look: () => look(lab, node, entry, options.name),
  }
}

async function look(
  lab: RunningLabAccess,
  node: NodePlan,
  { verdict: expected }: DnsFaultEntry,
  name: string | undefined,
): Promise<Seen> {
  if (expected === undefined) return { views: [], remarks: [], links: [], named: true, notes: [notSeenByNodes] }
  const links = await redialAll(lab)
  const down =
    links.find(({ state, verdict }) => state === 'down' && verdict?.code === expected) ??
    links.find(({ state }) => state === 'down')
  const verdict = down?.verdict
  const unseen = verdict === undefined && name !== undefined
  return {
    expected,
    ...(verdict === undefined ? {} : { verdict }),
    views: verdict === undefined ? [] : [{ node: down?.from ?? node.name, event: 'link.down', verdict }],
    remarks: [],
    links,
    named: unseen || verdict?.code === expected,
    notes: unseen ? [`no link uses ${name}: only programs that look the name up notice the fault`] : [],
  }
}

const notSeenByNodes =
  'nodes dial each other by host name; phones and partners, which use SRV records, and siplab check notice it'

/** Every link of the lab, dialled again once the names have to be asked for anew. */
export async function redialAll(lab: RunningLabAccess): Promise<readonly SeenLink[]> {
  await new Promise((resolve) => setTimeout(resolve, forgottenAfterMs))
  const servers = lab.plan.nodes.filter(({ certificates }) => certificates.length > 0)
  return redial(lab, (await Promise.all(servers.map((server) => linksOf(lab, server, 'client')))).flat())
}

function answersOf(name: string, options: { readonly name?: string; readonly target?: string }): DnsFault {
  const only = options.name === undefined ? {} : { name: options.name }
  if (name === 'wrong-target') return { kind: 'wrong-target', ...only, target: options.target ?? elsewhere }
  if (name === 'not-found') return { kind: 'nxdomain', ...only }
  return name === 'slow' ? { kind: 'slow', ...only, afterMs: tooLateMs } : { kind: 'silent', ...only }
}

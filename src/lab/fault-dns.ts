/** Faults of the DNS: names that do not exist, lead elsewhere, or get no answer. */
import type { NodePlan } from '../topology/plan-types.ts'
import type { DnsFault } from './dns/faults.ts'
import { type LabLink, linksOf, redial, type SeenLink } from './fault-links.ts'
import type { Outcome } from './fault-outcome.ts'
import type { RunningLabAccess } from './running-lab.ts'

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
]

const elsewhere = 'sip.elsewhere.test'

/** Node names are kept for a second by whoever asked. */
const forgottenAfterMs = 1100

export async function breakDns(
  lab: RunningLabAccess,
  node: NodePlan,
  faultName: string,
  options: { readonly name?: string; readonly target?: string },
): Promise<Outcome> {
  const entry = dnsFaults.find(({ name }) => name === faultName) ?? { name: faultName, story: '' }
  await lab.clientOf(node.name).post('/dns-faults', [dnsFault(faultName, options)])
  if (entry.verdict === undefined)
    return {
      target: node.name,
      fault: entry.name,
      story: entry.story,
      views: [],
      remarks: [],
      links: [],
      restarted: false,
      named: true,
      notes: [
        'nodes dial each other by host name: phones and partners that follow SRV records see it, siplab check shows it',
      ],
    }
  const links = await allLinks(lab)
  await new Promise((resolve) => setTimeout(resolve, forgottenAfterMs))
  const seen = await redial(lab, links)
  const down =
    seen.find(({ state, verdict }) => state === 'down' && verdict?.code === entry.verdict) ??
    seen.find(({ state }) => state === 'down')
  const verdict = down?.verdict
  const unseen = verdict === undefined && options.name !== undefined
  return {
    target: node.name,
    fault: entry.name,
    story: entry.story,
    expected: entry.verdict,
    ...(verdict === undefined ? {} : { verdict }),
    views: verdict === undefined ? [] : [{ node: down?.from ?? node.name, event: 'link.down', verdict }],
    remarks: [],
    links: seen,
    restarted: false,
    named: unseen || verdict?.code === entry.verdict,
    notes: unseen ? [`no link goes by ${options.name}: who looks it up sees it`] : [],
  }
}

export async function healDns(lab: RunningLabAccess, node: NodePlan): Promise<readonly SeenLink[]> {
  await lab.clientOf(node.name).post('/dns-faults', [])
  await new Promise((resolve) => setTimeout(resolve, forgottenAfterMs))
  return redial(lab, await allLinks(lab))
}

async function allLinks(lab: RunningLabAccess): Promise<readonly LabLink[]> {
  const servers = lab.plan.nodes.filter(({ certificates }) => certificates.length > 0)
  return (await Promise.all(servers.map((server) => linksOf(lab, server, 'client')))).flat()
}

function dnsFault(name: string, options: { readonly name?: string; readonly target?: string }): DnsFault {
  const only = options.name === undefined ? {} : { name: options.name }
  if (name === 'wrong-target') return { kind: 'wrong-target', ...only, target: options.target ?? elsewhere }
  return name === 'not-found' ? { kind: 'nxdomain', ...only } : { kind: 'silent', ...only }
}

/** What a dashboard shows of a running lab, from the documents of `siplab status` and `siplab timeline`. */
import type { FaultOn } from '../faults/record.ts'
import type { RefusedLink } from '../lab/refused-links.ts'
import type { TimelineEntry } from '../lab/renewal/timeline.ts'
import type { NodeStatus } from '../node/control/control-api.ts'
import type { Metric } from './exposition.ts'

/** As `siplab status --json`. */
export interface StatusDocument {
  readonly lab: string
  readonly running: boolean
  readonly nodes: readonly {
    readonly name: string
    readonly role: string
    readonly state: string
    readonly status?: Pick<NodeStatus, 'links' | 'refusals'>
  }[]
  readonly links: readonly RefusedLink[]
  readonly faults: readonly FaultOn[]
}

export interface LabMeasures {
  readonly status: StatusDocument
  /** `siplab timeline --json`. */
  readonly certificates: readonly TimelineEntry[]
  /** What `GET /metrics` of each node said; a node that does not answer is absent. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export function labMetrics({ status, certificates, counters }: LabMeasures): readonly Metric[] {
  return [...upMetrics(status), ...troubleMetrics(status), daysLeft(certificates), ...nodeMetrics(status, counters)]
}

function upMetrics({ lab, running, nodes }: StatusDocument): readonly Metric[] {
  const links = nodes.flatMap(({ name, status }) => (status?.links ?? []).map((link) => ({ node: name, ...link })))
  return [
    { name: 'siplab_lab_up', help: '1 while the lab runs', samples: [{ labels: { lab }, value: running ? 1 : 0 }] },
    {
      name: 'siplab_node_up',
      help: '1 when the node is ready',
      samples: nodes.map(({ name, role, state }) => ({
        labels: { node: name, role },
        value: state === 'ready' ? 1 : 0,
      })),
    },
    {
      name: 'siplab_link_up',
      help: '1 when the link that the node dials is up',
      samples: links.map(({ node, peer, shows = '', state }) => ({
        labels: { node, peer, shows },
        value: state === 'up' ? 1 : 0,
      })),
    },
  ]
}

function troubleMetrics({ links, faults }: StatusDocument): readonly Metric[] {
  return [
    {
      name: 'siplab_link_verdict',
      help: 'Always 1, for each link that is down; the label code is its verdict from both ends',
      samples: links.map(({ link, verdict }) => ({ labels: { link, code: verdict?.code ?? 'unknown' }, value: 1 })),
    },
    {
      name: 'siplab_fault_on',
      help: 'Always 1, for each fault that siplab break put on',
      samples: faults.map(({ target, fault }) => ({ labels: { on: target, fault }, value: 1 })),
    },
  ]
}

function daysLeft(certificates: readonly TimelineEntry[]): Metric {
  return {
    name: 'siplab_lab_certificate_days_left',
    help: 'Days until a certificate or a CA of the lab expires, or a CRL is due; negative when it has',
    samples: certificates.map(({ kind, node, name, secondsLeft }) => ({
      labels: { kind, node, name },
      value: Math.round((secondsLeft / 86_400) * 1000) / 1000,
    })),
  }
}

function nodeMetrics({ nodes }: StatusDocument, counters: LabMeasures['counters']): readonly Metric[] {
  return [
    {
      name: 'siplab_node_refusals',
      help: 'Requests refused since the node started, by the row of the law',
      samples: nodes.flatMap(({ name, status }) =>
        Object.entries(status?.refusals ?? {}).map(([row, value]) => ({ labels: { node: name, row }, value })),
      ),
    },
    {
      name: 'siplab_node_measure',
      help: 'What the node counts of itself: flows, registrations, transactions, octets, microseconds of CPU',
      samples: Object.entries(counters).flatMap(([node, measures]) =>
        Object.entries(measures).map(([measure, value]) => ({ labels: { node, measure }, value })),
      ),
    },
  ]
}

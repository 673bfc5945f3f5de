/** The answers of the commands, as `--json` prints them. The shapes are those of the sources that write them. */
import type { LabPlan } from '../../topology/plan-types.ts'
import type { NodeStatus } from '../../node/control/control-api.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { FaultOn } from '../../faults/record.ts'
import type { AxisRow } from '../../peers/axis.ts'
import type { TimelineEntry } from '../../lab/renewal/timeline.ts'

export type { Verdict } from '../../verdicts/verdict.ts'
export type { LinkState, NodeEvent, Registration, TraceEntry } from '../../node/control/control-api.ts'
export type { ListedFault } from '../../faults/list.ts'
export type { Outcome } from '../../faults/placement.ts'
export type { AxisRow } from '../../peers/axis.ts'
export type { TimelineEntry } from '../../lab/renewal/timeline.ts'
export type { GeneralTab, SecurityTab } from '../../node/administration.ts'
export type { CheckReport } from '../../check/report.ts'
export type { Step } from '../../check/step.ts'

/** `siplab plan --json`: what the page reads of it. */
export type PlanDocument = Pick<
  LabPlan,
  'topology' | 'about' | 'profile' | 'domain' | 'organisations' | 'nodes' | 'foreign' | 'links' | 'users' | 'phones'
>
export type PlanNode = PlanDocument['nodes'][number]
/** A server of somebody else: no process of the lab, and yet an end of links. */
export type ForeignServer = PlanDocument['foreign'][number]

/** `siplab status --json`. */
export interface StatusDocument {
  readonly lab: string
  readonly data: string
  readonly network: number
  readonly running: boolean
  readonly nodes: readonly StatusNode[]
  readonly faults: readonly FaultOn[]
  readonly error?: { readonly message: string }
}

export interface StatusNode {
  readonly name: string
  readonly role: string
  readonly fqdn: string
  readonly state: string
  readonly since?: string
  readonly exit?: number
  readonly verdict?: Verdict
  readonly status?: NodeStatus
}

/** `siplab timeline --json`. */
export interface TimelineDocument {
  readonly now: string
  readonly certificates: readonly TimelineEntry[]
  /** Peers whose rules change, and public roots that go. */
  readonly elsewhere: readonly AxisRow[]
}

/** `siplab certs list --json`: one entry a file. */
export interface HeldCertificate {
  readonly node: string
  readonly name: string
  readonly references: readonly string[]
  readonly certificate: NonNullable<Verdict['certificate']>
  readonly revoked: boolean
}

/** What `GET /api/session` answers. */
export interface Session {
  readonly version: string
  readonly readOnly: boolean
  /** How its commands find the lab: `['--lab', 'compose']`. */
  readonly lab: readonly string[]
  /** Path of the root that a phone must trust, by the name of the server. */
  readonly roots: Readonly<Record<string, string>>
}

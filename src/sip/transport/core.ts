/** What every part of the transport shares: clock, user, bounds and the table of flows. */
import type { Clock } from '../clock.ts'
import type { MessageLimits } from '../message/types.ts'
import type { FlowTable } from './flow-table.ts'
import type { LinkFaults } from './faults/link-faults.ts'
import type { TransportSettings } from './settings.ts'
import type { Company } from './connection/company.ts'
import type { Turns } from './connection/turns.ts'
import type { Unfinished } from './connection/unfinished.ts'
import type { Judgement, PeerEvidence, TraceTap, TransportUser } from './types.ts'

export interface Core {
  readonly clock: Clock
  readonly user: TransportUser
  readonly limits: MessageLimits
  readonly judge: (evidence: PeerEvidence) => Judgement
  readonly settings: TransportSettings
  readonly flows: FlowTable
  readonly turns: Turns
  readonly company: Company
  readonly unfinished: Unfinished
  readonly faults: LinkFaults
  trace: TraceTap | undefined
}

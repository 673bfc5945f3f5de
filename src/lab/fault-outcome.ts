/** What came of putting a fault on, as `siplab break` shows it. */
import type { Side } from '../certificates/faults/fault.ts'
import type { VerdictCode } from '../certificates/verdict-codes.ts'
import type { Verdict } from '../certificates/verdict.ts'
import type { SeenLink } from './fault-links.ts'
import type { View } from './fault-views.ts'

/** Of a certificate fault. */
export interface BreakOutcome {
  readonly target: string
  readonly fault: string
  readonly as: Side
  readonly story: string
  /** The code the fault is known by; absent for a control, which nobody minds. */
  readonly expected?: VerdictCode
  /** The joined verdict of the link, or of the start. Absent: nobody minds. */
  readonly verdict?: Verdict
  /** What each end wrote by itself. */
  readonly views: readonly View[]
  /** What a node says about its own certificate while it goes on using it. */
  readonly remarks: readonly Verdict[]
  readonly links: readonly SeenLink[]
  readonly restarted: boolean
  /** The verdict names the injected fault first; of a control, that there is none. */
  readonly named: boolean
}

/** What came of a break, whatever the target. */
export type Outcome = Omit<BreakOutcome, 'as' | 'expected'> & {
  readonly as?: BreakOutcome['as']
  readonly expected?: string
  readonly notes: readonly string[]
}

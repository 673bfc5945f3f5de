/** Each accepted fault with why it matters, what closes it, and who would mind: what every report says. */
import { findFault } from '../faults/catalogue/index.ts'
import { isVerdictCode } from '../verdicts/codes.ts'
import { mindingPeers } from './minding-peers.ts'
import { type Accepted, acceptedFaults, type Survey } from './result.ts'
import { type Setting, settingFor, stackOf } from './settings.ts'
import { weigh } from './severity.ts'

export interface Advice extends Accepted {
  readonly why: string
  /** Absent: the stack is not known, or no setting of it is documented. */
  readonly setting?: Setting
  /** Peers on file whose rules of the day refuse it. */
  readonly peers: readonly string[]
}

/** @param stack of the surveyed end; absent: as its SIP answers name it */
export function adviceOn(survey: Survey, stack: string | undefined): readonly Advice[] {
  const side = survey.direction === 'dial' ? 'client' : 'server'
  const known = stackOf(stack) ?? stackOf(survey.product)
  return acceptedFaults(survey).map((accepted) => {
    const fault = findFault(accepted.fault)
    const { verdict } = accepted
    const setting = isVerdictCode(verdict) ? settingFor(known, verdict, side) : undefined
    return {
      ...accepted,
      why: (fault === undefined ? undefined : weigh(fault, side)?.why) ?? '',
      ...(setting === undefined ? {} : { setting }),
      peers: isVerdictCode(verdict) ? mindingPeers(verdict, side, survey.at.slice(0, 10)) : [],
    }
  })
}

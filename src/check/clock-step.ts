/**
 * The clock of the server, by the Date of its answer (RFC 3261 §20.17): it judges every certificate of its clients by
 * that clock.
 */
import { X509Certificate } from 'node:crypto'
import { pemBlocks } from '../certificates/examine/pem.ts'
import { readDate } from '../sip/message/date-header.ts'
import type { SipResponse } from '../sip/message/types.ts'
import { verdict } from '../verdicts/codes.ts'
import type { CheckLog } from './check-log.ts'
import type { CheckOptions } from './options.ts'
import { fine, fromVerdict, type Finding } from './step.ts'

/** As much as two ends may differ before `clock.skew` is said of them. */
const mostApartMs = 60_000

/** Says nothing where the answer has no Date: a server need not send one. */
export function clockStep(log: CheckLog, response: SipResponse, options: CheckOptions): void {
  const said = response.header('Date')
  const theirs = said === undefined ? undefined : readDate(said)
  if (theirs !== undefined) log.put('clock', 'clock of the server', clockFinding(theirs, options))
}

/** Failed where our certificate is not valid by their clock; else a warning: others will meet it. */
function clockFinding(theirs: number, { now, own }: CheckOptions): Finding {
  const ours = now()
  const apart = Math.abs(theirs - ours)
  const evidence = { theirs: iso(theirs), ours: iso(ours), apartSeconds: Math.round(apart / 1000) }
  if (apart <= mostApartMs) return fine(`It says ${iso(theirs)}, as ours does.`, evidence)
  const diagnosis = verdict('clock.skew', {
    found: `the server says ${iso(theirs)}, this machine says ${iso(ours)}: ${evidence.apartSeconds} s apart`,
    fix: 'compare both clocks with a time server and set the wrong one right: chronyc tracking, w32tm /query /status',
  })
  return fromVerdict(diagnosis, evidence, own !== undefined && !isValidAt(own.cert, theirs) ? 'failed' : 'warning')
}

/** To the second, as a Date has it. */
function iso(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Every certificate of the chain; one that cannot be read is no matter of the clock. */
function isValidAt(pem: string, at: number): boolean {
  try {
    return pemBlocks(pem)
      .map((der) => new X509Certificate(der))
      .every(({ validFromDate, validToDate }) => validFromDate.getTime() <= at && at <= validToDate.getTime())
  } catch (error) {
    if (error instanceof Error) return true
    throw error
  }
}

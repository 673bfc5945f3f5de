/** What to do about an answer: which end acts, by which rule, with which remedy, and how to see it in a lab. */
import { findVerdictCode } from '../verdicts/codes.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { Answer } from './answer.ts'
import { actingEnd, remedyFor } from './remedy.ts'
import type { Acting } from './remedy.ts'
import { reproduce } from './reproduce.ts'

export interface Advice {
  readonly code: VerdictCode
  readonly acts: Acting
  /** What was wanted, with its source. */
  readonly rule: string
  /** Absent: none is known that helps at a server outside a lab. */
  readonly remedy?: string
  /** Commands that show the same picture in a lab; empty: the catalogue has no such fault. */
  readonly reproduce: readonly string[]
}

/** More than so many causes are not advised about: the evidence is too thin. */
const maxAdvised = 5

/** Advice for each candidate of a short list, in its order; for a long list the commonest five. */
export function adviceFor(answer: Answer, product?: string): readonly Advice[] {
  return answer.candidates.slice(0, maxAdvised).map(({ code }) => {
    // Without two ends there is a file, and the file is ours.
    const whose = answer.whoseCertificate ?? (answer.findings === undefined ? undefined : 'ours')
    const acts = actingEnd(code, whose)
    const remedy = answer.findings?.find((finding) => finding.code === code)?.remedy ?? remedyFor(code, acts, product)
    const rule = findVerdictCode(code)?.rule ?? ''
    return { code, acts, rule, ...(remedy === undefined ? {} : { remedy }), reproduce: reproduce(code) }
  })
}

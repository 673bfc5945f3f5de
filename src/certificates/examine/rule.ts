/** The input of a rule about one certificate, and how the rule reports. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import { ruleBooks, type ChainRole, type Finding, type Minds } from './faults.ts'
import type { Certificate } from './certificate.ts'
import type { ExaminerProfile } from './profiles.ts'

export interface RuleContext {
  readonly role: ChainRole
  readonly profile: ExaminerProfile
  /** Signed with its own key. */
  readonly selfSigned: boolean
}

export type Rule = (certificate: Certificate, context: RuleContext) => readonly Finding[]

export function finding(
  code: VerdictCode,
  grade: Finding['grade'],
  field: string,
  found: string,
  rule: string,
  who: Minds,
): Finding {
  return { code, grade, field, found, rule, minds: who }
}

/** The code for a fault of form: it sits on the certificate itself or on a CA above it. */
export function malformed(context: RuleContext): VerdictCode {
  return context.role === 'leaf' ? 'cert.malformed' : 'chain.malformed'
}

export function form(
  context: RuleContext,
  field: string,
  found: string,
  rule: string,
  who: Minds = ruleBooks,
): readonly Finding[] {
  return [finding(malformed(context), 'form', field, found, rule, who)]
}

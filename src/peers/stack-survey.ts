/** The survey of real stacks (docs/survey.md): faults that a stack accepts although it is set to verify. */
import type { VerdictCode } from '../verdicts/codes.ts'
import { surveyedStacks } from './surveyed-stacks.ts'

export interface SurveyedStack {
  /** As `explain` names it: `Kamailio`. */
  readonly name: string
  /** `Kamailio 5.6.3`: of other versions nothing is known. */
  readonly version: string
  /** Of the survey: `2026-11-29`. */
  readonly day: string
  /** Verdicts that a strict end gives and this stack does not, by the end of the link that it plays; no remarks. */
  readonly acceptor: readonly VerdictCode[]
  readonly dialler: readonly VerdictCode[]
}

const stacks: readonly SurveyedStack[] = surveyedStacks

/** Absent: the stack is not in the survey. */
export function surveyedStack(name: string | undefined): SurveyedStack | undefined {
  return stacks.find((stack) => stack.name.toLowerCase() === name?.toLowerCase())
}

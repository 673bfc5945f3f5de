/** What came of an action, held against what its step wants of it. */
import { LabError } from '../lab-error.ts'
import type { CommandOutcome } from './driver.ts'
import type { Step } from './format.ts'
import { valueAt } from './variables.ts'

export interface StepFinding {
  readonly held: boolean
  readonly wanted?: string
  readonly found?: string
  readonly next?: string
  /** What an administrator reads of the step: the words of a refusal, events with their numbers. */
  readonly told?: readonly string[]
}

/** A step whose success is a failure says so, with what refused: else it reads as if all had gone well. */
export function refusalTold(said: string, wanted: string): readonly string[] {
  return [`refused: ${said.trim()}`, `The scenario expects this refusal (${wanted}).`]
}

export function commandFinding(step: Step, { status, document, complaint }: CommandOutcome): StepFinding {
  const code = valueAt(document, 'error.code')
  const sentence = String(valueAt(document, 'error.message') ?? complaint)
  const wantedStatus = step.status ?? (step.fails === undefined ? 0 : undefined)
  const answersFit = Object.entries(step.answers ?? {}).every(([path, value]) => valueAt(document, path) === value)
  const statusFits = wantedStatus === undefined ? status !== 0 : status === wantedStatus
  const held =
    statusFits &&
    (step.fails === undefined || code === step.fails) &&
    (step.says === undefined || sentence.includes(step.says)) &&
    answersFit
  const wanted = wantedText(step, wantedStatus)
  return {
    held,
    wanted,
    found: foundText(step, { status, code, sentence, document }),
    next: `siplab ${step.do}`,
    ...(held && status !== 0 ? { told: refusalTold(refusalText(step, sentence, document), wanted) } : {}),
  }
}

/** The sentence of the error; a command that only answers, such as `node start`, has none: then what it answered. */
function refusalText({ answers = {} }: Step, sentence: string, document: unknown): string {
  if (sentence.trim() !== '') return sentence
  return Object.keys(answers)
    .map((path) => `${path} ${String(valueAt(document, path))}`)
    .join(', ')
}

function wantedText({ fails, says, answers = {} }: Step, status: number | undefined): string {
  const fields = Object.entries(answers).map(([path, value]) => `${path} ${value}`)
  return [status === undefined ? 'a failure' : `exit ${status}`, fails, says, ...fields]
    .filter((part) => part !== undefined)
    .join(', ')
}

function foundText(
  { answers = {} }: Step,
  {
    status,
    code,
    sentence,
    document,
  }: { readonly status: number; readonly code: unknown; readonly sentence: string; readonly document: unknown },
): string {
  const fields = Object.keys(answers).map((path) => `${path} ${String(valueAt(document, path))}`)
  const failure = status === 0 ? [] : [code, sentence.trim()].filter((part) => typeof part === 'string' && part !== '')
  return [...(status === 0 ? [] : [`exit ${status}`]), ...failure, ...fields].join(', ')
}

/** An action of the lab itself: it happens, or the lab says why not. */
export async function actionFinding(action: Promise<void>): Promise<StepFinding> {
  try {
    await action
    return { held: true }
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    return { held: false, wanted: 'that it can be done', found: error.message, next: 'siplab status' }
  }
}

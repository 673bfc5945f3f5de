/** `--report html, junit` of `siplab explain`: each piece of evidence is a step of a report of `check`. */
import { checkReport, htmlReport, junitReport } from '../check/index.ts'
import type { Step } from '../check/index.ts'
import { verdict } from '../verdicts/codes.ts'
import { adviceFor } from '../explain/advice.ts'
import { isKnown } from './explain-evidence.ts'
import type { Explained } from './explain-evidence.ts'
import { packageVersion } from './package.ts'

export function explainReport(kind: 'html' | 'junit', pieces: readonly Explained[]): string {
  const steps = pieces.map(stepOf)
  const failed = steps.find(({ outcome }) => outcome === 'failed')
  const report = checkReport(
    pieces.map(({ name }) => name).join(', '),
    'explain',
    new Date(),
    steps,
    failed?.verdict,
    0,
  )
  return kind === 'html' ? htmlReport(report, `siplab ${packageVersion()}`) : junitReport(report)
}

function stepOf(piece: Explained, index: number): Step {
  const { answer, name, kind } = piece
  const [first] = answer.candidates
  const base = { id: `evidence.${index + 1}`, title: `${kind}: ${name}`, ms: 0, steps: [] }
  if (first === undefined)
    return isKnown(piece)
      ? { ...base, outcome: 'ok', code: 'ok', sentence: 'No failure is recorded here.', evidence: {} }
      : { ...base, outcome: 'not-tried', code: 'not-tried', sentence: 'Nothing here is known.', evidence: {} }
  const [advice] = adviceFor(answer)
  const found = answer.evidence.map(({ where, found: words }) => `${where}: ${words}`)
  return {
    ...base,
    outcome: 'failed',
    code: first.code,
    sentence: answer.candidates.length === 1 ? first.why : `One of ${answer.candidates.length} causes; ${first.why}`,
    evidence: { causes: answer.candidates.map(({ code }) => code), found },
    ...(advice?.remedy === undefined ? {} : { remedy: advice.remedy }),
    verdict: verdict(first.code, { found: found.join('; ').slice(0, 500) }),
  }
}

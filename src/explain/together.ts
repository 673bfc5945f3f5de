/** Several pieces of evidence, one answer: what each leaves open is narrowed by the others. */
import type { Answer, Candidate } from './answer.ts'

/** The piece that says most, with the causes that the others do not exclude. */
export function together(answers: readonly Answer[]): Answer | undefined {
  const telling = answers.filter(({ candidates }) => candidates.length > 0)
  const [best, ...rest] = telling.toSorted((a, b) => a.candidates.length - b.candidates.length)
  if (best === undefined) return answers[0]
  let candidates: readonly Candidate[] = best.candidates
  for (const { candidates: others } of rest) {
    const common = candidates.filter(({ code }) => others.some((other) => other.code === code))
    if (common.length > 0) candidates = common
  }
  const [first] = candidates
  return {
    ...best,
    cause: first !== undefined && candidates.length === 1 ? { code: first.code } : undefined,
    candidates,
    needsKeylog: telling.every(({ needsKeylog }) => needsKeylog),
    evidence: telling.flatMap(({ evidence }) => evidence),
  }
}

/** The JSON of an answer: absent parts of the shape are `null`, as docs/contract.md says. */
import type { Answer } from './answer.ts'

/** The answer as it is printed with `--json`. */
export function answerDocument<A extends Answer>(answer: A): object {
  const { cause, whoseCertificate, whoRefused } = answer
  return { ...answer, cause: cause ?? null, whoseCertificate: whoseCertificate ?? null, whoRefused: whoRefused ?? null }
}

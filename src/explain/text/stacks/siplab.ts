/** Verdicts and events of siplab itself: a code is its own cause. */
import { isVerdictCode } from '../../../verdicts/codes.ts'
import { rank } from '../grammar.ts'
import type { Saying, StackGrammar } from '../grammar.ts'

function ofCode(match: RegExpExecArray): Saying | undefined {
  const code = match[1] ?? ''
  return isVerdictCode(code) ? { rank: rank.reason, causes: [code] } : undefined
}

export const siplab: StackGrammar = {
  name: 'siplab',
  rules: [{ when: /(?:^|[\s"'(:,])([a-z]{3,9}\.[a-z]+(?:-[a-z]+)*)(?=$|[\s"'),:;])/, says: ofCode }],
  samples: [{ text: 'director->fe1: cert.expired (0x800B0101 CERT_E_EXPIRED)', first: 'cert.expired' }],
}

/**
 * What a phone makes of the server it dials: its chain by Node, its name by the rules that the servers of the lab
 * compare names by; and the verdict on every flow that fails.
 */
import { readCertificate } from '../certificates/examine/certificate.ts'
import { matchName, type NameRules, offeredNames, wantedHost } from '../certificates/examine/names.ts'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import { summarise } from '../certificates/summary.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { isVerdict, isVerdictCode, verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Judgement, PeerEvidence, Refusal } from '../sip/transport/types.ts'

/** Wants a trusted chain, and a certificate that names the server that was dialled. */
export function serverJudge(rules: NameRules): (evidence: PeerEvidence) => Judgement {
  return (evidence) => {
    const leaf = evidence.chain[0]
    if (leaf === undefined) return refuse('cert.malformed', evidence, 'the server showed no certificate')
    if (!evidence.authorized)
      return refuse(nodeErrorToCode(evidence.errorCode, evidence.errorMessage), evidence, evidence.errorMessage)
    const { wantedName } = evidence
    if (wantedName === undefined) return { kind: 'accept', peer: undefined }
    const certificate = readCertificate(leaf)
    const match = matchName(certificate, wantedHost(wantedName), rules)
    if (match.kind === 'match') return { kind: 'accept', peer: undefined }
    const code = match.because === 'wildcard' ? 'cert.wildcard' : 'cert.name-mismatch'
    return refuse(code, evidence, `names ${offeredNames(certificate).join(', ') || 'nothing'}`)
  }
}

/** The verdict on a dial or flow that failed. */
export function judgeRefusal(refusal: Refusal): Verdict {
  if (isVerdict(refusal.detail)) return refusal.detail
  return verdict(codeOf(refusal), {
    direction: 'outgoing',
    ...(refusal.errorMessage === undefined ? {} : { found: refusal.errorMessage }),
  })
}

function refuse(code: VerdictCode, { chain, wantedName }: PeerEvidence, found: string | undefined): Judgement {
  const leaf = chain[0]
  const detail = verdict(code, {
    direction: 'outgoing',
    ...(leaf === undefined ? {} : { certificate: summarise(leaf) }),
    ...(wantedName === undefined ? {} : { rule: `a valid certificate for ${wantedName}` }),
    ...(found === undefined ? {} : { found }),
  })
  return { kind: 'refuse', code, detail }
}

function codeOf({ code, errorCode, errorMessage }: Refusal): VerdictCode {
  if (code === 'flow.closed-after-handshake') return 'tls.peer-refused'
  if (isVerdictCode(code) && code !== 'tls.alert' && code !== 'tls.handshake-failed') return code
  return nodeErrorToCode(errorCode, errorMessage)
}

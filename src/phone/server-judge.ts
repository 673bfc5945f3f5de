/**
 * What a phone makes of the server it dials: its chain by Node, its name by us; and the verdict on every flow that
 * fails.
 */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import { summarise } from '../certificates/summary.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { isVerdict, isVerdictCode, verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Judgement, PeerEvidence, Refusal } from '../sip/transport/types.ts'

/**
 * Trusted chain, and a certificate for the name that was dialled: SAN, or the CN where there is none, as clients of
 * 2005 did.
 */
export function judgeServer(evidence: PeerEvidence): Judgement {
  const leaf = evidence.chain[0]
  if (leaf === undefined) return refuse('cert.malformed', evidence, 'the server showed no certificate')
  if (!evidence.authorized)
    return refuse(nodeErrorToCode(evidence.errorCode, evidence.errorMessage), evidence, evidence.errorMessage)
  const certificate = new X509Certificate(leaf)
  const wanted = evidence.wantedName
  if (wanted !== undefined && !carries(certificate, wanted)) {
    return refuse('cert.name-mismatch', evidence, `names ${certificate.subjectAltName ?? certificate.subject}`)
  }
  return { kind: 'accept', peer: undefined }
}

/** The verdict on a dial or flow that failed. */
export function judgeRefusal(refusal: Refusal): Verdict {
  if (isVerdict(refusal.detail)) return refusal.detail
  return verdict(codeOf(refusal), {
    direction: 'outgoing',
    ...(refusal.errorMessage === undefined ? {} : { found: refusal.errorMessage }),
  })
}

function carries(certificate: X509Certificate, wanted: string): boolean {
  return (isIP(wanted) === 0 ? certificate.checkHost(wanted) : certificate.checkIP(wanted)) !== undefined
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

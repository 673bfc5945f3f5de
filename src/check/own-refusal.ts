/** Why a server refuses our own certificate, from what we hold and what it sent. */
import { alertVerdict, closingVerdict } from '../certificates/alert-verdict.ts'
import { toVerdict } from '../certificates/examine/index.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { examineOwn, isTrustCode } from './certificate-step.ts'
import type { CheckOptions, OwnIdentity } from './options.ts'

/** The other end ended it and gave no reason; without our certificate it had not. */
const closings: ReadonlySet<string> = new Set(['tls.peer-refused', 'tls.alert', 'tls.handshake-failed', 'link.reset'])

/**
 * Most peers never say why. What we find in our own certificate is the likely reason; if that is nothing, their list of
 * names is.
 */
export function refusalVerdict(
  own: OwnIdentity,
  options: CheckOptions,
  { said, found, alert }: { readonly said: VerdictCode; readonly found: string; readonly alert: number | undefined },
): Verdict {
  const refusal = verdict(said, { found, message: `The server refused the certificate of ${own.label}` })
  const examination = examineOwn(own, options)
  const reason = examination.accepted ? undefined : toVerdict(examination)
  if (reason?.code === 'cert.name-mismatch')
    return {
      ...verdict('cert.name-not-allowed', {
        found: reason.found ?? found,
        ...(reason.certificate === undefined ? {} : { certificate: reason.certificate }),
      }),
      others: [refusal],
    }
  // The other end may trust authorities that we do not, and the other way round.
  const sure = reason !== undefined && !isTrustCode(reason.code)
  if (sure) return { ...reason, others: [...(reason.others ?? []), refusal] }
  const shown = { chain: own.cert, purpose: 'clientAuth', now: options.now() } as const
  const told = alert === undefined ? undefined : alertVerdict(alert, shown)
  if (told === undefined && !closings.has(said)) return refusal
  const refused = told ?? closingVerdict(found, shown) ?? refusal
  return reason === undefined ? refused : { ...refused, others: [reason] }
}

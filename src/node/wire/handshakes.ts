/** A handshake as a trace tells it, from what the transport knows of it: result, both certificates, the alert. */
import { alertName } from '../../certificates/alerts.ts'
import { shownOf, summarise } from '../../certificates/summary.ts'
import type { Flow, ShownCertificate } from '../../sip/transport/flow.ts'
import type { PeerEvidence, Refusal } from '../../sip/transport/types.ts'
import { alertNumber } from '../../verdicts/node-errors.ts'
import type { Verdict } from '../../verdicts/verdict.ts'
import type { TracedHandshake } from '../control/control-api.ts'

export function acceptedHandshake({ direction, face, own, peer }: Flow): TracedHandshake {
  return {
    result: 'accepted',
    side: direction,
    face,
    ...shown('own', own?.leaf),
    ...shown('peer', peer?.leaf),
    ...(peer === undefined ? {} : { names: peer.names }),
  }
}

/** @param verdict what this end makes of it */
export function failedHandshake(
  { side, face, own, peer, evidence, errorMessage }: Refusal,
  verdict: Verdict,
): TracedHandshake {
  const alert = alertNumber(errorMessage ?? '')
  return {
    // Evidence of the peer is there exactly when this end did the refusing.
    result: evidence === undefined ? 'lost' : 'refused',
    side,
    face,
    ...shown('own', own?.leaf),
    ...shown('peer', peer?.leaf ?? leafOf(evidence)),
    ...(alert === undefined ? {} : { alert: { number: alert, name: alertName(alert) ?? 'unknown' } }),
    ...why(verdict),
  }
}

/** The peer closed an accepted connection before its first message. */
export function lostHandshake(flow: Flow, verdict: Verdict): TracedHandshake {
  const { names: _names, ...seen } = acceptedHandshake(flow)
  return { ...seen, result: 'lost', ...why(verdict) }
}

function why({ code, message, found }: Verdict): Pick<TracedHandshake, 'verdict' | 'message' | 'found'> {
  return { verdict: code, message, ...(found === undefined ? {} : { found }) }
}

function shown<K extends 'own' | 'peer'>(
  key: K,
  leaf: ShownCertificate | undefined,
): { readonly [P in K]?: ShownCertificate } {
  return leaf === undefined ? {} : ({ [key]: leaf } as { readonly [P in K]: ShownCertificate })
}

/** A refused certificate may be one that cannot be read. */
function leafOf(evidence: PeerEvidence | undefined): ShownCertificate | undefined {
  const [leaf] = evidence?.chain ?? []
  if (leaf === undefined) return undefined
  try {
    return shownOf(summarise(leaf))
  } catch {
    return { subject: 'a certificate that cannot be read', issuer: '', serial: '', notAfter: '' }
  }
}

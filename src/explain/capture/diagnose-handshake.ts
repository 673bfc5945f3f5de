/** Connections whose handshake began: alerts first, then who closed, then what TLS 1.3 hides. */
import type { Evidence } from '../answer.ts'
import type { Connection } from './connection.ts'
import {
  broken,
  certainly,
  closingText,
  decisiveAlert,
  firstClosing,
  frameEvidence,
  isRecordedInPart,
  otherEnd,
  unclear,
  well,
  type Diagnosis,
} from './diagnosis.ts'
import {
  faultCandidate,
  noCertificate,
  refusedByAlert,
  refusedCertificate,
  visibleFaults,
  type Judge,
} from './diagnose-refusal.ts'
import { inferHidden } from './infer-hidden.ts'
import { lostSegments } from './lost-segments.ts'
import type { End, TlsSession } from './tls-session.ts'

/** An end that says nothing for so long in the handshake is silent. */
const silentMilliseconds = 1000

export function diagnoseHandshake(connection: Connection, judge: Judge, captureEnd: number): Diagnosis {
  const { tls } = connection
  if (tls === undefined) return unclear([])
  const alert = decisiveAlert(connection)
  if (alert !== undefined) return refusedByAlert(tls, alert, judge)
  const hidden = inferHidden(connection, tls)
  if (hidden !== undefined) return hidden
  if (isTalking(tls)) return wellButFaulty(tls, judge)
  const lost = lostSegments(connection)
  if (lost !== undefined) return lost
  return closedWithoutAlert(connection, tls, judge) ?? unfinished(connection, tls, captureEnd)
}

/** Application data of both ends, or of the acceptor beside session tickets, follow the handshake. */
function isTalking(tls: TlsSession): boolean {
  const said = (end: End): boolean => tls.applicationRecords(end) > 0
  return bothFinished(tls) && said('dialler') && said('acceptor')
}

function bothFinished(tls: TlsSession): boolean {
  return tls.finished('dialler') && tls.finished('acceptor')
}

function closedWithoutAlert(connection: Connection, tls: TlsSession, judge: Judge): Diagnosis | undefined {
  const closing = firstClosing(connection)
  if (closing === undefined) return undefined
  const { end, how, frame } = closing
  const evidence: readonly Evidence[] = [
    frameEvidence(frame, `${closingText(closing)}, without an alert that says why`),
  ]
  const missing = noCertificate(tls, end, undefined, evidence)
  if (missing !== undefined) return missing
  const used = tls.applicationRecords('dialler') > 0
  const saidSomething = bothFinished(tls) && tls.applicationRecords(end) > 0
  if (saidSomething && used) return wellButFaulty(tls, judge)
  // A dialler that says nothing on the connection that it wanted has turned away from it.
  const refuser = saidSomething ? 'dialler' : end
  const shown = silentlyRefused(tls, refuser, judge)
  if (shown !== undefined) {
    const diagnosis = refusedCertificate(tls, { by: otherEnd(shown), number: undefined, evidence }, judge)
    // A probe of a balancer opens and closes a connection as well.
    return bothFinished(tls) && !diagnosis.certain ? { ...diagnosis, state: 'unclear' } : diagnosis
  }
  if (bothFinished(tls)) return well(evidence)
  if (isRecordedInPart(connection)) return recordedInPart(connection)
  if (how === 'reset')
    return broken({ candidates: [{ code: 'link.reset', why: `the ${end} resets in the handshake` }], evidence })
  const why = `the ${end} closes in the handshake without an alert`
  return broken({ candidates: [{ code: 'tls.handshake-failed', why }], evidence })
}

/**
 * The end whose certificate was probably refused: that of the end that did not close, unless only the certificate of
 * the closing end has a fault. A balancer closes such a connection itself.
 */
function silentlyRefused(tls: TlsSession, closed: End, judge: Judge): End | undefined {
  const other = otherEnd(closed)
  if (visibleFaults(tls, other, judge).length === 0 && visibleFaults(tls, closed, judge).length > 0) return closed
  return (tls.shown[other]?.chain.length ?? 0) === 0 ? undefined : other
}

/** The connection was used. A fault of a certificate is reported all the same: a strict peer refuses it. */
function wellButFaulty(tls: TlsSession, judge: Judge): Diagnosis {
  const faulty = (['acceptor', 'dialler'] as const).find((end) => visibleFaults(tls, end, judge).length > 0)
  const shown = faulty === undefined ? undefined : tls.shown[faulty]
  if (faulty === undefined || shown === undefined) return well()
  const evidence = [
    frameEvidence(shown.frame, `no end of this capture refuses the certificate of the ${faulty}; a strict peer does`),
  ]
  const candidates = visibleFaults(tls, faulty, judge).map(faultCandidate)
  return { state: 'well', certain: false, candidates, whoseCertificate: faulty, evidence }
}

function recordedInPart({ lastFrame }: Connection): Diagnosis {
  return unclear([frameEvidence(lastFrame, 'octets of the handshake are not in the capture: an alert may be in them')])
}

function unfinished(connection: Connection, tls: TlsSession, captureEnd: number): Diagnosis {
  if (bothFinished(tls)) return well()
  if (isRecordedInPart(connection)) return recordedInPart(connection)
  const last = tls.seen.at(-1)
  if (last !== undefined && captureEnd - last.at >= silentMilliseconds)
    return certainly(
      'tls.handshake-timeout',
      `the ${otherEnd(last.from)} does not go on after ${last.what} of the ${last.from}`,
      {
        evidence: [frameEvidence(last.frame, last.what)],
      },
    )
  return unclear([frameEvidence(connection.lastFrame, 'the capture ends in the handshake')])
}

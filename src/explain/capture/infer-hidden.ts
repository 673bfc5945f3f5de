/**
 * What TLS 1.3 hides without a key log, told from the sizes and the order of the sealed records. Everything here is
 * marked as inferred and names no cause.
 */
import type { Evidence } from '../answer.ts'
import type { Connection } from './connection.ts'
import { broken, closingText, firstClosing, frameEvidence, well, type Diagnosis } from './diagnosis.ts'
import { sealedAlertOctets, type ClosedRecord, type End, type TlsSession } from './tls-session.ts'

/** Finished with the hash of the cipher suite, type octet and tag (RFC 8446 §4.4.4). */
function finishedOctets(cipher: number): number {
  return 4 + (cipher === 0x1302 ? 48 : 32) + 1 + 16
}

/** @returns undefined where nothing is hidden */
export function inferHidden(connection: Connection, tls: TlsSession): Diagnosis | undefined {
  const { serverHello } = tls
  if (!tls.tls13 || serverHello === undefined) return undefined
  const dialler = tls.closedRecords('dialler')
  const acceptor = tls.closedRecords('acceptor')
  if (dialler.count === 0 && acceptor.count === 0) return undefined
  const done = dialler.first.findIndex(({ length }) => length === finishedOctets(serverHello.cipher))
  const later = done < 0 ? [] : dialler.first.slice(done + 1)
  if (later.some(({ length }) => length !== sealedAlertOctets) && talksBack(connection, later))
    return { ...well(), needsKeylog: true }
  const closing = firstClosing(connection)
  const evidence = [
    ...(done < 0 ? inPlaceOfFinished(dialler.first) : afterFinished(dialler.first, done, acceptor.first)),
    ...(closing === undefined ? [] : [frameEvidence(closing.frame, closingText(closing))]),
  ]
  const alerted = done < 0 && dialler.first[0]?.length === sealedAlertOctets
  if (closing === undefined && !alerted) {
    const end = frameEvidence(connection.lastFrame, 'the capture ends, and neither end has closed')
    return { state: 'unclear', certain: false, candidates: [], needsKeylog: true, evidence: [...evidence, end] }
  }
  const refuser = refusing(dialler.first[0], done, closing?.end)
  const why =
    refuser === undefined
      ? 'one end closes; TLS 1.3 hides why'
      : `the ${refuser} probably refuses the other end; TLS 1.3 hides why`
  return broken({ candidates: [{ code: 'tls.peer-refused', why }], needsKeylog: true, evidence })
}

function inPlaceOfFinished([first]: readonly ClosedRecord[]): readonly Evidence[] {
  if (first === undefined) return []
  const sentence =
    first.length === sealedAlertOctets
      ? 'the dialler sends an alert instead of Finished: it refuses what the acceptor showed'
      : `the dialler sends ${first.length} sealed octets`
  return [inferred(first.frame, sentence)]
}

function inferred(frame: number, sentence: string): Evidence {
  return frameEvidence(frame, `inferred: ${sentence}`)
}

/**
 * The acceptor answers after the dialler has said something of its own. Two records before it closes may be session
 * tickets (RFC 8446 §4.6.1), which tell nothing.
 */
function talksBack(connection: Connection, [first]: readonly ClosedRecord[]): boolean {
  const records = connection.tls?.closedRecords('acceptor')
  if (first === undefined || records === undefined) return false
  const answers = records.first.filter(({ frame, length }) => frame > first.frame && length !== sealedAlertOctets)
  return answers.length > (firstClosing(connection)?.end === 'acceptor' ? usualTickets : 0)
}

const usualTickets = 2

function afterFinished(
  dialler: readonly ClosedRecord[],
  done: number,
  acceptor: readonly ClosedRecord[],
): readonly Evidence[] {
  const last = dialler[done]
  if (last === undefined) return []
  const before = dialler.slice(0, done).reduce((sum, { length }) => sum + length, 0)
  const shows = before > certificateOctets ? `shows a certificate (${before} sealed octets)` : 'shows no certificate'
  const alert = acceptor.find(({ frame, length }) => frame > last.frame && length === sealedAlertOctets)
  return [
    inferred(last.frame, `the dialler ${shows} and accepts what the acceptor showed`),
    ...(alert === undefined
      ? []
      : [inferred(alert.frame, 'the acceptor sends an alert after Finished of the dialler')]),
  ]
}

/** An empty Certificate has 25 octets sealed; a real one with its CertificateVerify several hundred. */
const certificateOctets = 200

function refusing(first: ClosedRecord | undefined, done: number, closing: End | undefined): End | undefined {
  if (first === undefined) return closing
  if (done < 0) return first.length === sealedAlertOctets ? 'dialler' : closing
  return closing
}

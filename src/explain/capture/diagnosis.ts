/** What is known about one connection that did not succeed, and small helpers to say it. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Candidate, Evidence } from '../answer.ts'
import type { Connection } from './connection.ts'
import type { End, SeenAlert } from './tls-session.ts'

export interface Diagnosis {
  /** `unclear`: the capture does not show whether the connection failed. */
  readonly state: 'well' | 'broken' | 'unclear'
  /** Most likely first. */
  readonly candidates: readonly Candidate[]
  /** The evidence excludes every other cause. */
  readonly certain: boolean
  readonly whoseCertificate?: End
  readonly whoRefused?: End
  readonly needsKeylog?: boolean
  /** What decided, in addition to the evidence of the handshake. */
  readonly evidence?: readonly Evidence[]
}

export function broken(details: Omit<Diagnosis, 'state' | 'certain'> & { readonly certain?: boolean }): Diagnosis {
  return { state: 'broken', certain: false, ...details }
}

/** One cause, and nothing else fits. */
export function certainly(code: VerdictCode, why: string, details: Partial<Diagnosis> = {}): Diagnosis {
  return { state: 'broken', certain: true, candidates: [{ code, why }], ...details }
}

export function well(evidence: readonly Evidence[] = []): Diagnosis {
  return { state: 'well', certain: false, candidates: [], evidence }
}

export function unclear(evidence: readonly Evidence[]): Diagnosis {
  return { state: 'unclear', certain: false, candidates: [], evidence }
}

export function frameEvidence(frame: number, found: string): Evidence {
  return { where: `frame ${frame}`, found }
}

export function otherEnd(end: End): End {
  return end === 'dialler' ? 'acceptor' : 'dialler'
}

/** Octets that the other end acknowledged are missing: what was said in them is not known. */
export function isRecordedInPart({ sides }: Connection): boolean {
  return sides.some(({ stream }) => stream.notCaptured > 0 || stream.unseen > 0)
}

/** How an end ended the connection. */
export interface EndClosing {
  readonly end: End
  readonly how: 'close_notify' | 'fin' | 'reset'
  readonly frame: number
  readonly at: number
}

/** The end that closed first: by close_notify, FIN or reset; absent while both are open. */
export function firstClosing(connection: Connection): EndClosing | undefined {
  const [segment] = connection.closings
  const notify = connection.tls?.alerts.find(({ number }) => number === 0)
  if (notify !== undefined && (segment === undefined || notify.frame <= segment.frame))
    return { end: notify.from, how: 'close_notify', frame: notify.frame, at: notify.at }
  if (segment === undefined) return undefined
  return { end: connection.end(segment.side), how: segment.how, frame: segment.frame, at: segment.at }
}

export function closingText({ end, how }: EndClosing): string {
  return {
    close_notify: `the ${end} says close_notify first`,
    fin: `the ${end} closes first`,
    reset: `the ${end} resets`,
  }[how]
}

/** The alert that ended the connection. One that answers a close of the other end says nothing about the cause. */
export function decisiveAlert(connection: Connection): SeenAlert | undefined {
  const closing = firstClosing(connection)
  return connection.tls?.alerts.find(
    ({ fatal, from, frame }) => fatal && (closing === undefined || closing.end === from || frame <= closing.frame),
  )
}

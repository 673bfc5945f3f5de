/** What is known about one connection that did not succeed, and small helpers to say it. */
import type { VerdictCode } from '../../certificates/verdict-codes.ts'
import type { Candidate, Evidence } from '../answer.ts'
import type { Connection } from './connection.ts'
import type { End } from './tls-session.ts'

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
  /** What decided, beside what the handshake shows. */
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

/** The end that closed or reset first; absent while both are open. */
export function firstClosing(
  connection: Connection,
): { readonly end: End; readonly how: 'fin' | 'reset'; readonly frame: number; readonly at: number } | undefined {
  const [first] = connection.closings
  return first === undefined
    ? undefined
    : { end: connection.end(first.side), how: first.how, frame: first.frame, at: first.at }
}

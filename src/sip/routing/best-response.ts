/** RFC 3261 §16.7 step 6: which of several final answers goes back. */
import type { SipResponse } from '../message/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Fork } from './fork.ts'

/** A final answer of one fork, received or made here. */
export interface Outcome {
  readonly status: number
  /** undefined: made here, for the reason in `because`. */
  readonly response: SipResponse | undefined
  /** Whose answer it is; undefined: made here. */
  readonly from: Flow | undefined
  readonly because: string
  readonly detail: unknown
  readonly fork: Fork
}

/** Of two, the better one; the earlier when they are equals. */
export function better(a: Outcome | undefined, b: Outcome): Outcome {
  return a === undefined || rank(b.status) < rank(a.status) ? b : a
}

/**
 * A 6xx wins; then the lowest class. Within 4xx those first that tell the client how to do better; a silence (408) and
 * a cancelled fork (487) say least. Within 5xx a 503 comes last: it is about a hop, not about the request.
 */
export function rank(status: number): number {
  if (status >= 600) return 0
  return Math.floor(status / 100) * 100 + withinClass(status)
}

function withinClass(status: number): number {
  switch (status) {
    case 401:
    case 407:
      return 0
    case 415:
    case 420:
    case 484:
      return 1
    case 430:
    case 504:
      return 3
    case 487:
      return 4
    case 408:
    case 503:
      return 5
    default:
      return 2
  }
}

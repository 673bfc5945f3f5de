/** From what came back on a connection to accepted, refused or unclear, held against what the good certificate got. */
import type { Outcome } from './result.ts'

/** What one connection showed, dialled by either end. */
export type Seen =
  /** A final SIP answer, or a SIP request of the end that dialled. */
  | { readonly kind: 'sip'; readonly status: number | undefined; readonly line: string }
  /** Octets that are no SIP; their start, printable. */
  | { readonly kind: 'data'; readonly line: string }
  /** The handshake completed and nothing came. */
  | { readonly kind: 'silent' }
  | {
      readonly kind: 'ended'
      readonly during: 'handshake' | 'talk'
      readonly alert: number | undefined
      readonly reset: boolean
      readonly words: string
    }
  /** No connection, or a handshake that this end broke off. */
  | { readonly kind: 'none'; readonly words: string }

/** @param control what the good certificate got under the same TLS version; absent: this is the control itself */
export function outcomeOf(seen: Seen, control: Seen | undefined): Outcome {
  switch (seen.kind) {
    case 'ended':
      return refusedBy(seen)
    case 'none':
      return { kind: 'unclear', words: cut(seen.words) }
    case 'sip':
      return answered(seen, control)
    case 'data':
      return control === undefined || (control.kind === 'data' && sameStart(control.line, seen.line))
        ? { kind: 'accepted', proof: 'data', words: cut(seen.line) }
        : otherThanControl(seen.line, control)
    case 'silent':
      return control === undefined || control.kind === 'silent'
        ? { kind: 'accepted', proof: 'open', words: 'the handshake completed, and the connection stayed open' }
        : { kind: 'unclear', words: 'the handshake completed, and nothing came in time' }
    default:
      return seen satisfies never
  }
}

function refusedBy({ alert, reset, words }: Extract<Seen, { kind: 'ended' }>): Outcome {
  if (alert !== undefined) return { kind: 'refused', by: 'alert', alert, words: cut(words) }
  return { kind: 'refused', by: reset ? 'reset' : 'close', words: cut(words) }
}

/** An answer that differs from the one for the good certificate is a refusal in SIP, where it is one at all. */
function answered(seen: Extract<Seen, { kind: 'sip' }>, control: Seen | undefined): Outcome {
  const accepted: Outcome = { kind: 'accepted', proof: 'sip', words: cut(seen.line) }
  if (control?.kind !== 'sip' || seen.status === control.status || seen.status === undefined || seen.status < 300)
    return accepted
  return seen.status === 503
    ? { kind: 'unclear', words: cut(`${seen.line}; the good certificate got ${control.line}`) }
    : { kind: 'refused', by: 'answer', words: cut(`${seen.line}; the good certificate got ${control.line}`) }
}

function otherThanControl(line: string, control: Seen): Outcome {
  const good = control.kind === 'data' || control.kind === 'sip' ? control.line : 'nothing'
  const words = cut(`${line}; the good certificate got ${good}`)
  return /^HTTP\/1\.[01] [45]/.test(line) ? { kind: 'refused', by: 'answer', words } : { kind: 'unclear', words }
}

/** Whether two first lines are the same kind of answer: digits after the first words may be times and counts. */
function sameStart(one: string, other: string): boolean {
  return one.slice(0, 12) === other.slice(0, 12)
}

function cut(text: string): string {
  return text.slice(0, 300)
}

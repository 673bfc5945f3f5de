/** What a trace tells beside messages and handshakes: what a policy decided, and what the DNS of the lab was asked. */
import { addressOf, type Party } from './lifelines.ts'
import type { TracedDecision, TracedQuestion, TraceEntry } from '../../node/control/control-api.ts'

export interface TracedNote {
  /** ISO 8601. */
  readonly time: string
  /** The node that decided, or that asked. */
  readonly source: string
  /** The same as `source` for a decision; the DNS for a question. */
  readonly destination: string
  readonly title: string
  /** A refusal, or a question without an answer that helps. */
  readonly failed: boolean
  /** What there is to say besides, a line each. */
  readonly lines: readonly string[]
}

/** @returns undefined for messages, handshakes and news of links */
export function noteOf({ time, node, local, remote, decision, question }: TraceEntry): TracedNote | undefined {
  if (decision !== undefined)
    return {
      time,
      source: node,
      destination: node,
      title: decisionTitle(decision),
      failed: decision.kind === 'refuse',
      lines: decisionLines(decision),
    }
  if (question === undefined) return undefined
  return {
    time,
    source: remote ?? node,
    destination: local ?? node,
    title: questionTitle(question),
    failed: isUnanswered(question),
    lines: questionLines(question),
  }
}

/** `remote-user refuses INVITE: 403 remote.foreign-domain`, `home-user routes INVITE to sip:bob@127.0.0.1`. */
function decisionTitle({ kind, policy, status, because, method, to }: TracedDecision): string {
  const what = `${policy} ${verbs[kind]} ${method}`
  switch (kind) {
    case 'refuse':
    case 'answer':
      return `${what}: ${[status, because].filter((part) => part !== undefined).join(' ')}`
    case 'route':
      return to === undefined ? what : `${what} to ${to}`
    case 'pass':
    case 'drop':
      return because === undefined ? what : `${what}: ${because}`
    default:
      return kind satisfies never
  }
}

const verbs = { pass: 'passes', refuse: 'refuses', answer: 'answers', route: 'routes', drop: 'drops' } as const

function decisionLines({ policy, because, callId, uri }: TracedDecision): readonly string[] {
  return [
    `policy ${policy}${because === undefined ? '' : `, because ${because}`}`,
    `Request-URI ${uri}`,
    `call ${callId}`,
  ]
}

/** `SRV _sip._tls.lab.test: 0 0 5061 sip.lab.test`, `A sip.lab.test: NXDOMAIN`, `A sip.lab.test: no answer`. */
function questionTitle({ name, type, code, answers }: TracedQuestion): string {
  const asked = name === undefined ? 'a question that cannot be read' : `${type} ${name}`
  if (code === undefined) return `${asked}: no answer`
  if (code !== 'NOERROR') return `${asked}: ${code}`
  const [first, ...more] = answers
  if (first === undefined) return `${asked}: no such record`
  const shown = first.startsWith(`${type} `) ? first.slice(`${type} `.length) : first
  return `${asked}: ${shown}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

function questionLines({ answers, lateMs, view, code }: TracedQuestion): readonly string[] {
  return [
    `the ${view} view of the DNS ${code === undefined ? 'sends no answer' : `answers ${code}`}`,
    ...answers,
    ...(lateMs === undefined ? [] : [`the answer is held back for ${lateMs} ms`]),
  ]
}

/** That a record does not exist is an answer; that a name does not exist may be the reason why a call failed. */
export function isUnanswered({ code, lateMs }: TracedQuestion): boolean {
  return code !== 'NOERROR' || lateMs !== undefined
}

/**
 * For a ladder: a question of someone who is no party is drawn at the DNS, because each question has a port of its own.
 *
 * @param parties the nodes, with the addresses they ask from
 */
export function notesIn(entries: readonly TraceEntry[], parties: readonly Party[]): readonly TracedNote[] {
  const known = new Set(parties.flatMap(({ name, addresses }) => [name, ...addresses]))
  return entries
    .flatMap((entry) => noteOf(entry) ?? [])
    .map((note) => (known.has(addressOf(note.source)) ? note : { ...note, source: note.destination }))
}

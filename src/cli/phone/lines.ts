/** The lines a phone of the command line reads and writes. */
import { z } from 'zod'
import type { Verdict } from '../../verdicts/verdict.ts'
import { dialledUri } from '../../phone/dialled.ts'
import { UsageError } from '../usage-error.ts'

/** A SIP URI, a `tel:` URI or a number: the domain of the phone that dials makes it whole. */
const dialled = z
  .string()
  .refine((text) => dialledUri(text, 'lab.test') !== undefined, 'wanted sip:bob@lab.test, tel:+493012345 or 4711')

const wantedUri = 'wanted a URI such as sip:bob@lab.test'
const uri = z.string(wantedUri).regex(/^sips?:[^\s]+$/, wantedUri)
const wantedName = 'wanted a part of a name, at most 100 characters'

/** Absent: every phone signs in and out, the first one does the rest. */
const phone = z.int().min(1).max(1_000).optional()

const command = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('sign-in'), phone }),
  z.strictObject({ do: z.literal('sign-out'), phone }),
  z.strictObject({ do: z.literal('message'), to: uri, text: z.string().min(1).max(8_000), phone }),
  z.strictObject({ do: z.literal('buddy'), of: uri, phone }),
  z.strictObject({
    do: z.literal('presence'),
    status: z.enum(['open', 'closed'], 'wanted open or closed'),
    note: z.string().max(256).default(''),
    phone,
  }),
  z.strictObject({
    do: z.literal('search'),
    name: z.string(wantedName).min(1, wantedName).max(100, wantedName),
    phone,
  }),
  z.strictObject({ do: z.literal('call'), to: dialled, phone }),
  z.strictObject({ do: z.literal('answer'), phone }),
  z.strictObject({ do: z.literal('reject'), status: z.int().min(300).max(699).default(486), phone }),
  z.strictObject({ do: z.literal('hang-up'), phone }),
  z.strictObject({ do: z.literal('cancel'), phone }),
  z.strictObject({ do: z.literal('wait'), seconds: z.number().min(0).max(86_400), phone }),
  z.strictObject({ do: z.literal('quit'), phone }),
])

export type PhoneCommand = z.infer<typeof command>

export type PhoneEvent =
  | { readonly event: 'signed-in'; readonly target: string; readonly redirects: number }
  | { readonly event: 'signed-out'; readonly because: string }
  | { readonly event: 'sent'; readonly to: string; readonly status: number }
  | { readonly event: 'message'; readonly from: string; readonly text: string }
  | { readonly event: 'buddy'; readonly of: string }
  | { readonly event: 'published'; readonly status: 'open' | 'closed' }
  | { readonly event: 'presence'; readonly of: string; readonly status: 'open' | 'closed'; readonly note: string }
  | { readonly event: 'found'; readonly users: readonly { readonly uri: string; readonly name: string }[] }
  | { readonly event: 'calling'; readonly call: string; readonly to: string }
  | { readonly event: 'incoming-call'; readonly call: string; readonly from: string }
  | { readonly event: 'established'; readonly call: string; readonly peer: string }
  | {
      readonly event: 'ended'
      readonly call: string
      readonly by: 'us' | 'them'
      readonly how: string
      readonly status?: number
    }
  | { readonly event: 'flow-lost'; readonly verdict?: Verdict }
  | ({ readonly event: 'failed'; readonly do: string } & Failure)

export interface Failure {
  /** `phone.refused`, or the code of a verdict. */
  readonly code: string
  readonly message: string
  readonly status?: number
  readonly reason?: string
  readonly diagnostics?: string
  readonly verdict?: Verdict
}

/** Event of the phone with that number. */
export type NumberedEvent = PhoneEvent & { readonly phone: number; readonly user: string }

/**
 * `{"do":"message","to":"sip:bob@lab.test","text":"hello"}`, or in words: `message sip:bob@lab.test hello`.
 *
 * @throws UsageError
 */
export function readCommand(line: string): PhoneCommand {
  const result = command.safeParse(line.startsWith('{') ? readJson(line) : readWords(line))
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.join('.') ?? ''
  const wrong = issue === undefined || field === '' || field === 'do' ? 'no such command' : `${field}: ${issue.message}`
  throw new UsageError(`${JSON.stringify(line.slice(0, 80))}: ${wrong}; ${help}`)
}

const help =
  'the commands are sign-in, sign-out, message URI TEXT, buddy URI, presence open|closed NOTE, search NAME, ' +
  'call URI or NUMBER, answer, reject STATUS, hang-up, cancel, wait SECONDS, quit'

function readJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new UsageError(
      `wanted one JSON object a line, found ${JSON.stringify(line.slice(0, 80))} ` +
        `(${error instanceof Error ? error.message : String(error)})`,
    )
  }
}

function readWords(line: string): unknown {
  const [word = '', first, ...rest] = line.trim().split(/\s+/)
  switch (word) {
    case 'message':
      return { do: word, to: first, text: rest.join(' ') }
    case 'buddy':
      return { do: word, of: first }
    case 'presence':
      return { do: word, status: first, note: rest.join(' ') }
    case 'search':
      return { do: word, name: [first ?? '', ...rest].join(' ') }
    case 'call':
      return { do: word, to: [first ?? '', ...rest].join(' ') }
    case 'reject':
      return { do: word, ...(first === undefined ? {} : { status: Number(first) }) }
    case 'wait':
      return { do: word, seconds: Number(first) }
    default:
      return { do: word }
  }
}

/** The event for people. */
export function eventText({ user, ...event }: NumberedEvent): string {
  switch (event.event) {
    case 'signed-in':
      return `${user} signed in at ${event.target}${event.redirects > 0 ? ', where the director sent it' : ''}`
    case 'signed-out':
      return `${user} signed out: ${event.because}`
    case 'sent':
      return `${user} -> ${event.to}: ${event.status}`
    case 'message':
      return `${user} <- ${event.from}: ${event.text}`
    case 'buddy':
      return `${user} has ${event.of} on the contact list`
    case 'published':
      return `${user} shows ${event.status}`
    case 'presence':
      return `${user} sees ${event.of}: ${event.status}${event.note === '' ? '' : `, ${JSON.stringify(event.note)}`}`
    case 'found':
      return `${user} found ${event.users.map(({ uri, name }) => `${name} <${uri}>`).join(', ') || 'no one'}`
    case 'calling':
      return `${user} calls ${event.to}`
    case 'incoming-call':
      return `${user} is called by ${event.from}`
    case 'established':
      return `${user} is in a call with ${event.peer}`
    case 'ended':
      return (
        `${user}: the call is over (${event.how} by ${event.by}` +
        `${event.status === undefined ? '' : `, ${event.status}`})`
      )
    case 'flow-lost':
      return (
        `${user} lost its flow` +
        `${event.verdict === undefined ? '' : `: ${event.verdict.code}, ${event.verdict.message}`}`
      )
    case 'failed':
      return `${user}: ${event.do} failed: ${event.message}`
    default:
      return event satisfies never
  }
}

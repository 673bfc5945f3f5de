/** What else may listen behind a port: a web server, mail, SSH, SIP without TLS, or a program that sends nothing. */
import { openTcp, type Place } from './handshake.ts'
import { printable, Talk } from './talk.ts'

export interface Stranger {
  readonly kind: 'http' | 'sip-clear' | 'ssh' | 'mail' | 'tls' | 'other' | 'silent'
  /** Its first line. */
  readonly line: string
}

/** Connects once more without TLS, sends one OPTIONS, and looks at what comes. */
export async function lookWithoutTls(place: Place, uri: string, timeoutMs: number): Promise<Stranger> {
  const socket = await openTcp(place, timeoutMs)
  if ('kind' in socket) return { kind: 'silent', line: '' }
  const talk = new Talk(socket, 'TCP')
  try {
    const observed = await talk.options(uri, 'sip:check@invalid', Math.min(timeoutMs, 3000))
    if (observed.kind === 'response')
      return { kind: 'sip-clear', line: `SIP/2.0 ${observed.response.status} ${observed.response.reason}` }
    if (observed.kind === 'not-sip') return { kind: strangerOf(observed.line), line: observed.line }
    return { kind: 'silent', line: observed.kind === 'closed' ? observed.found : '' }
  } finally {
    talk.close()
  }
}

export function strangerOf(line: string): Stranger['kind'] {
  if (/^HTTP[/ ]/.test(line) || /^<(!doctype|html)/i.test(line)) return 'http'
  if (/^SSH-/.test(line)) return 'ssh'
  if (/^(220|\* OK|\+OK)/.test(line)) return 'mail'
  // An alert record: 15 03 0x.
  return /^\.\.[.]/.test(line) && printable(Buffer.from(line)).length < 12 ? 'tls' : 'other'
}

const sentences: Readonly<Record<Stranger['kind'], string>> = {
  http: 'a web server answers',
  'sip-clear': 'a SIP server answers, but without TLS',
  ssh: 'an SSH server answers',
  mail: 'a mail server answers',
  tls: 'a TLS server answers',
  other: 'something answers that is neither TLS nor SIP',
  silent: 'no end says anything',
}

export function strangerText({ kind, line }: Stranger): string {
  return line === '' ? sentences[kind] : `${sentences[kind]}: ${JSON.stringify(line)}`
}

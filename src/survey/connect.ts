/** One connection of a dialling survey: handshake with what a fault shows, one OPTIONS, the close. */
import { printable, type Observed } from '../check/talk.ts'
import { dialSecure, type Broken, type Place, type TlsVersion as NodeVersion } from '../check/handshake.ts'
import type { Presenter } from '../faults/catalogue/variation.ts'
import { shownBy } from './ground.ts'
import type { Seen } from './outcome.ts'
import type { TlsVersion } from './result.ts'

export interface DialTarget {
  readonly place: Place
  /** SNI, and the host in the Request-URI. */
  readonly host: string
  readonly timeoutMs: number
}

/** What came of one connection. */
export interface Connected {
  readonly seen: Seen
  /** Whether the server asked for a certificate; absent: the connection did not come so far. */
  readonly asked?: boolean
  /** What the server calls itself in its SIP answer. */
  readonly product?: string
}

export async function connectOnce(
  { place, host, timeoutMs }: DialTarget,
  presenter: Presenter,
  version: TlsVersion,
): Promise<Connected> {
  const own = shownBy({ presenter })
  const settings = presenter.settings ?? {}
  const only: NodeVersion = `TLSv${version}`
  const secured = await dialSecure(place, {
    servername: host,
    // No anchors: the survey does not judge the certificate of the server.
    anchors: [],
    timeoutMs,
    minVersion: settings.minVersion ?? only,
    maxVersion: settings.maxVersion ?? only,
    ...(settings.ciphers === undefined ? {} : { ciphers: settings.ciphers }),
    ...(own === undefined ? {} : { own }),
  })
  if (secured.kind === 'broken') return { seen: brokenSeen(secured), asked: secured.askedCertificate }
  const { talk, asksCertificate } = secured
  try {
    const observed = await talk.options(`sip:${uriHost(host)}`, 'sip:survey@survey.invalid', timeoutMs)
    const product = observed.kind === 'response' ? productOf(observed) : undefined
    return { seen: observedSeen(observed), asked: asksCertificate, ...(product === undefined ? {} : { product }) }
  } finally {
    talk.close()
  }
}

function uriHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function productOf({ response }: Extract<Observed, { kind: 'response' }>): string | undefined {
  return (response.header('Server') ?? response.header('User-Agent'))?.slice(0, 200)
}

function brokenSeen({ at, code, alert, errorCode, found }: Broken): Seen {
  if (at === 'tcp') return { kind: 'none', words: found }
  if (alert !== undefined) return { kind: 'ended', during: 'handshake', alert, reset: false, words: found }
  if (errorCode === 'ECONNRESET' || errorCode === 'EPIPE' || /socket hang up/.test(found))
    return { kind: 'ended', during: 'handshake', alert: undefined, reset: true, words: found }
  if (code === 'tls.handshake-failed' && errorCode === undefined)
    return { kind: 'ended', during: 'handshake', alert: undefined, reset: false, words: found }
  return { kind: 'none', words: found }
}

function observedSeen(observed: Observed): Seen {
  switch (observed.kind) {
    case 'response': {
      const { status, reason } = observed.response
      return { kind: 'sip', status, line: `${status} ${printable(Buffer.from(reason))}`.trim() }
    }
    case 'not-sip':
      return { kind: 'data', line: observed.line }
    case 'silent':
      return { kind: 'silent' }
    case 'closed':
      return observed.said === undefined
        ? {
            kind: 'ended',
            during: 'talk',
            alert: observed.alert,
            reset: /ECONNRESET|EPIPE/.test(observed.found),
            words: observed.found,
          }
        : { kind: 'sip', status: Number(observed.said.slice(0, 3)), line: observed.said }
    default:
      return observed satisfies never
  }
}

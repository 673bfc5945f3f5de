/** A peer that says whatever a test wants it to say: raw text over any transport, with or without a certificate. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { SipMessage, SipRequest, SipResponse } from '../../src/sip/message/types.ts'
import type { TestLab } from './lab.ts'
import { guardMs } from './guard.ts'
import { openPipe, type PipeSettings } from './raw-pipe.ts'

export interface RawPeerSettings extends PipeSettings {
  /** Whole lines in every 200 it gives. */
  readonly answerHeaders?: readonly string[]
}

export interface RawRequest {
  readonly method: string
  readonly uri: string
  /** Inside the brackets. */
  readonly from: string
  /** `raw` unless given. */
  readonly fromTag?: string
  readonly to?: string
  readonly toTag?: string
  readonly callId?: string
  readonly cseq?: number
  readonly contact?: string
  /** Whole lines without their ends. */
  readonly headers?: readonly string[]
  /** Whole Via values below our own. */
  readonly vias?: readonly string[]
  readonly via?: string
  readonly body?: string
}

export interface RawPeer {
  /** The final answer; requests that arrive meanwhile are kept. */
  ask(request: RawRequest): Promise<SipResponse>
  /** Writes it and waits for nothing: an ACK, say. */
  say(request: RawRequest & { readonly callId: string }): void
  /** How many requests have arrived that nobody asked for yet. */
  readonly waiting: number
  /** The same as `ask`, answering one digest challenge. */
  prove(request: RawRequest, login: string, password: string): Promise<SipResponse>
  /** The next request that arrived for us; answered 200. */
  next(wanted?: (request: SipRequest) => boolean, withinMs?: number): Promise<SipRequest>
  /** From now on requests of that method get no answer from this end. */
  leave(method: string): void
  /** Writes it as it is. */
  write(text: string): void
  /** Contact of this end. */
  readonly contact: string
  readonly hostPort: string
  close(): void
}

let serial = 0

/** Rejects when the connection is refused, or ends before an answer. */
export async function rawPeer(t: Test, settings: RawPeerSettings): Promise<RawPeer> {
  const answers = new Map<
    string,
    { readonly resolve: (response: SipResponse) => void; readonly reject: (error: unknown) => void }
  >()
  const requests: SipRequest[] = []
  const left = new Set(['ACK'])
  const waiting = new Set<() => void>()
  const end = (): void => {
    for (const { reject } of answers.values()) reject(new Error('the connection was closed'))
    answers.clear()
  }
  const arrived = (message: SipMessage): void => {
    if (message.kind === 'response') {
      if (message.status >= 200) answers.get(`${message.callId} ${message.cseq} ${message.method}`)?.resolve(message)
      return
    }
    if (!left.has(message.method))
      pipe.write(okFor(message, message.method === 'INVITE' ? contact : undefined, settings.answerHeaders))
    requests.push(message)
    for (const look of waiting) look()
  }
  const pipe = await openPipe(settings, { message: arrived, ended: end })
  t.teardown(() => pipe.destroy())
  const { hostPort } = pipe
  const contact = `sip:raw@${hostPort};transport=${settings.transport === 'wss' ? 'ws' : settings.transport}`
  const ask = (request: RawRequest): Promise<SipResponse> => {
    const callId = request.callId ?? `raw-${process.pid}-${++serial}`
    const cseq = request.cseq ?? 1
    return new Promise((resolve, reject) => {
      const key = `${callId} ${cseq} ${request.method}`
      const late = setTimeout(
        () => reject(new Error(`no answer to ${request.method} ${request.uri} within ${guardMs} ms`)),
        guardMs,
      )
      answers.set(key, {
        resolve: (response) => (clearTimeout(late), resolve(response)),
        reject: (error) => (clearTimeout(late), reject(error as Error)),
      })
      if (pipe.ended) return end()
      pipe.write(textOf({ ...request, callId, cseq }, settings, hostPort))
    })
  }
  return {
    ask,
    hostPort,
    contact,
    leave: (method) => void left.add(method),
    write: (text) => pipe.write(text),
    say: (request) => pipe.write(textOf({ cseq: 1, ...request }, settings, hostPort)),
    get waiting() {
      return requests.length
    },
    async prove(request, login, password) {
      const callId = request.callId ?? `raw-${process.pid}-${++serial}`
      const cseq = request.cseq ?? 1
      const first = await ask({ ...request, callId, cseq })
      const challenge = first.header('WWW-Authenticate')
      if (first.status !== 401 || challenge === undefined) return first
      return ask({
        ...request,
        callId,
        cseq: cseq + 1,
        headers: [...(request.headers ?? []), `Authorization: ${credentials(challenge, request, login, password)}`],
      })
    },
    next: (wanted = () => true, withinMs = guardMs) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no such request within ${withinMs} ms`)), withinMs)
        const look = (): void => {
          const at = requests.findIndex(wanted)
          const [found] = at < 0 ? [] : requests.splice(at, 1)
          if (found === undefined) return
          clearTimeout(late)
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    close: () => pipe.close(),
  }
}

/** Certificate and key a node of the lab shows, as its administrator could copy them. */
export function certificateOf(
  lab: TestLab,
  node: string,
  name: string,
): { readonly certificate: string; readonly key: string } {
  const folder = join(lab.data, 'nodes', node, 'certificates')
  const file = join(folder, `${name}.pem`)
  if (!existsSync(file)) throw new Error(`no ${name}.pem in ${folder}: ${readdirSync(folder).join(', ')}`)
  return { certificate: readFileSync(file, 'utf8'), key: readFileSync(join(folder, `${name}.key`), 'utf8') }
}

function textOf(
  request: RawRequest & { readonly callId: string; readonly cseq: number },
  { transport }: RawPeerSettings,
  hostPort: string,
): string {
  const {
    method,
    uri,
    from,
    fromTag = 'raw',
    to = uri,
    toTag,
    callId,
    cseq,
    contact,
    headers = [],
    vias = [],
    body = '',
  } = request
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: ${request.via ?? `SIP/2.0/${transport.toUpperCase()} ${hostPort};branch=z9hG4bK${callId}${cseq}`}`,
    ...vias.map((via) => `Via: ${via}`),
    `From: <${from}>;tag=${fromTag}`,
    `To: <${to}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Max-Forwards: 70',
    ...(contact === undefined ? [] : [`Contact: <${contact}>`]),
    ...headers,
    `Content-Length: ${body.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n'

/** 200, with a body where a call wants one. */
export function okFor(request: SipRequest, contact: string | undefined, headers: readonly string[] = []): string {
  const to = request.header('To') ?? ''
  const tagged = request.toTag === undefined ? `${to};tag=raw${++serial}` : to
  const lines = [
    'SIP/2.0 200 OK',
    ...request.headers('Via').map((via) => `Via: ${via}`),
    ...request.headers('Record-Route').map((route) => `Record-Route: ${route}`),
    `From: ${request.header('From')}`,
    `To: ${tagged}`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.cseq} ${request.method}`,
    ...(contact === undefined ? [] : [`Contact: <${contact}>`]),
    ...headers,
    ...(request.method === 'INVITE' ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${request.method === 'INVITE' ? sdp.length : 0}`,
  ]
  if (request.method === 'INVITE') return `${lines.join('\r\n')}\r\n\r\n${sdp}`
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** RFC 7616 with qop=auth, the algorithm as challenged. */
export function credentials(
  challenge: string,
  { method, uri }: Pick<RawRequest, 'method' | 'uri'>,
  login: string,
  password: string,
): string {
  const value = (name: string): string | undefined =>
    new RegExp(`(?:^|[ ,])${name}="?([^",]*)"?`, 'i').exec(challenge)?.[1]
  const realm = value('realm') ?? ''
  const nonce = value('nonce') ?? ''
  const algorithm = value('algorithm') ?? 'MD5'
  const hash = (text: string): string =>
    createHash(algorithm.toUpperCase() === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex')
  const response = hash(
    `${hash(`${login}:${realm}:${password}`)}:${nonce}:00000001:raw:auth:${hash(`${method}:${uri}`)}`,
  )
  return (
    `Digest username="${login}", realm="${realm}", nonce="${nonce}", uri="${uri}", algorithm=${algorithm}, ` +
    `qop=auth, nc=00000001, cnonce="raw", response="${response}"`
  )
}

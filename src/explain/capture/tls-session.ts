/**
 * One TLS connection as an onlooker sees it: both directions record by record, opened where a key log allows it, and
 * what remains closed told by type, size and order.
 */
import type { KeyLog, SecretLabel } from './keylog.ts'
import { TlsFormatError } from './octet-reader.ts'
import { openers12, opener13, type OpenedRecord, type RecordOpener } from './record-keys.ts'
import {
  HandshakeType,
  messageName,
  readCertificateMessage,
  readCertificateRequest,
  readClientHello,
  readKeyExchange,
  readServerHello,
  type CertificateRequest,
  type ClientHello,
  type KeyExchange,
  type ServerHello,
} from './tls-messages.ts'
import { alertName, cipherName, versionName } from './tls-names.ts'
import { RecordCutter, type TlsRecord } from './tls-records.ts'

export type End = 'dialler' | 'acceptor'

/** One thing that was seen in the handshake, in order. */
export interface Seen {
  readonly frame: number
  readonly at: number
  readonly from: End
  /** e.g. `ClientHello`, `Certificate (2 certificates)`, `alert unknown_ca (48)`. */
  readonly what: string
  /** `clear`; `opened` with the key log; `inferred` from type, size and order of closed records. */
  readonly how: 'clear' | 'opened' | 'inferred'
}

export interface SeenAlert {
  readonly frame: number
  readonly at: number
  readonly from: End
  readonly number: number
  readonly fatal: boolean
  readonly how: 'clear' | 'opened'
}

export interface ShownChain {
  readonly frame: number
  readonly at: number
  /** DER, in the order in which they were sent; empty: the end was asked and showed none. */
  readonly chain: readonly Buffer[]
}

/** Closed records of one end, which only their sizes describe. */
export interface ClosedRecords {
  readonly count: number
  readonly octets: number
  /** The first ones, in order. */
  readonly first: readonly ClosedRecord[]
}

export interface ClosedRecord {
  readonly frame: number
  readonly type: number
  readonly length: number
}

interface Half {
  readonly cutter: RecordCutter
  readonly from: End
  /** Octets of a handshake message that is not complete. */
  message: Buffer
  /** What opens the records; absent: they travel in the clear, or no key is known. */
  openers: readonly RecordOpener[]
  /** Records are sealed from here on. */
  sealed: boolean
  finished: boolean
  closed: { count: number; octets: number; first: ClosedRecord[] }
  /** Records of application data, where their type is known. */
  application: number
}

/** A Certificate with many names; OpenSSL reads no more than this either. */
const maxMessageOctets = 131_072
const maxSeen = 200
/** Closed records that are described one by one: a handshake has fewer. */
const maxClosed = 32

export interface SessionEvents {
  /** Clear text of application data. */
  text(from: End, octets: Buffer, frame: number, at: number): void
}

export class TlsSession {
  clientHello: (ClientHello & { readonly frame: number; readonly at: number }) | undefined = undefined
  serverHello: (ServerHello & { readonly frame: number }) | undefined = undefined
  keyExchange: KeyExchange | undefined = undefined
  request: (CertificateRequest & { readonly frame: number }) | undefined = undefined
  readonly shown: { dialler?: ShownChain; acceptor?: ShownChain } = {}
  readonly seen: Seen[] = []
  readonly alerts: SeenAlert[] = []
  /** Sentences about what could not be read. */
  readonly problems: string[] = []
  retried = false
  readonly #keylog: KeyLog
  readonly #events: SessionEvents
  readonly #halves: Readonly<Record<End, Half>>

  constructor(keylog: KeyLog, events: SessionEvents) {
    this.#keylog = keylog
    this.#events = events
    this.#halves = { dialler: this.#half('dialler'), acceptor: this.#half('acceptor') }
  }

  get tls13(): boolean {
    return this.serverHello?.version === 0x0304
  }

  /** A key log opened, or could open, what this connection hides. */
  get opened(): boolean {
    return this.seen.some(({ how }) => how === 'opened')
  }

  finished(end: End): boolean {
    return this.#halves[end].finished
  }

  /** Records of this end that nothing here could open. */
  closedRecords(end: End): ClosedRecords {
    return this.#halves[end].closed
  }

  /** Records of application data of this end, read or by their type. */
  applicationRecords(end: End): number {
    return this.#halves[end].application
  }

  data(end: End, octets: Buffer, frame: number, at: number): void {
    this.#halves[end].cutter.push(octets, frame, at)
  }

  gap(end: End, missing: number, frame: number): void {
    const half = this.#halves[end]
    half.cutter.gap(missing, frame)
    // The rest of a message that began before the hole is not that of the message behind it.
    half.message = Buffer.alloc(0)
  }

  #half(from: End): Half {
    const half: Half = {
      from,
      cutter: new RecordCutter({
        record: (record) => this.#record(half, record),
        lost: (sentence) => this.#problem(`${from}: ${sentence}`),
      }),
      message: Buffer.alloc(0),
      openers: [],
      sealed: false,
      finished: false,
      closed: { count: 0, octets: 0, first: [] },
      application: 0,
    }
    return half
  }

  #record(half: Half, record: TlsRecord): void {
    const opened = this.#open(half, record)
    if (opened === undefined) return this.#closed(half, record)
    const how = opened === record ? 'clear' : 'opened'
    switch (opened.type) {
      case recordType.handshake:
        return this.#handshake(half, opened.content, record, how)
      case recordType.alert:
        return this.#alert(half, opened.content, record, how)
      case recordType.changeCipherSpec:
        return this.#changeCipherSpec(half)
      case recordType.applicationData:
        half.application += 1
        return this.#events.text(half.from, opened.content, record.frame, record.at)
      default:
        return
    }
  }

  /** The record in the clear; undefined when it is sealed and no key fits. */
  #open(half: Half, record: TlsRecord): OpenedRecord | TlsRecord | undefined {
    if (!half.sealed || record.type === recordType.changeCipherSpec) return record
    // Some stacks send an alert before they have their keys (RFC 8446 §6 forbids it not at that point).
    if (this.tls13 && record.type !== recordType.applicationData) return record
    for (const [index, opener] of half.openers.entries()) {
      const opened = opener.open(record.type, record.version, record.content)
      if (opened === undefined) continue
      half.openers = half.openers.slice(index)
      return opened
    }
    return undefined
  }

  #closed(half: Half, { frame, at, type, content }: TlsRecord): void {
    if (!this.tls13 && type === recordType.handshake) half.finished = true
    if (!this.tls13 && type === recordType.applicationData) half.application += 1
    half.closed.count += 1
    half.closed.octets += content.length
    if (half.closed.count > maxClosed) return
    half.closed.first.push({ frame, type, length: content.length })
    const what =
      type === recordType.alert
        ? 'an alert whose number is sealed'
        : type === recordType.handshake
          ? 'a handshake message that is sealed, by its place Finished'
          : `a sealed record of ${content.length} octets${guess(this, half.from, content.length)}`
    this.#see({ frame, at, from: half.from, what, how: 'inferred' })
  }

  #handshake(half: Half, content: Buffer, record: TlsRecord, how: 'clear' | 'opened'): void {
    half.message = half.message.length === 0 ? content : Buffer.concat([half.message, content])
    for (;;) {
      if (half.message.length < 4) break
      const length = half.message.readUIntBE(1, 3)
      if (length > maxMessageOctets) {
        this.#problem(`${half.from}: a ${messageName(half.message.readUInt8(0))} of ${length} octets is left out`)
        half.message = Buffer.alloc(0)
        return
      }
      if (half.message.length < 4 + length) break
      const body = half.message.subarray(4, 4 + length)
      const type = half.message.readUInt8(0)
      half.message = half.message.subarray(4 + length)
      this.#readMessage(half, type, body, record, how)
    }
    // What waits must not hold on to the octets of the whole record.
    half.message = Buffer.from(half.message)
  }

  #readMessage(half: Half, type: number, body: Buffer, record: TlsRecord, how: 'clear' | 'opened'): void {
    try {
      this.#message(half, type, body, record, how)
    } catch (error) {
      if (!(error instanceof TlsFormatError)) throw error
      this.#problem(`${half.from}: the ${messageName(type)} in frame ${record.frame} cannot be read: ${error.message}`)
    }
  }

  #message(half: Half, type: number, body: Buffer, { frame, at }: TlsRecord, how: 'clear' | 'opened'): void {
    let more = ''
    switch (type) {
      case HandshakeType.clientHello:
        more = this.#readClientHello(body, frame, at)
        break
      case HandshakeType.serverHello:
        more = this.#readServerHello(body, frame)
        break
      case HandshakeType.certificate:
        more = this.#readCertificate(half.from, body, frame, at)
        break
      case HandshakeType.certificateRequest:
        this.request = { ...readCertificateRequest(body, this.serverHello?.version ?? 0x0303), frame }
        more = ` (${this.request.authorities.length} CA names)`
        break
      case HandshakeType.serverKeyExchange:
        this.keyExchange = readKeyExchange(body, cipherName(this.serverHello?.cipher ?? 0))
        break
      case HandshakeType.finished:
        half.finished = true
        break
      default:
        break
    }
    this.#see({ frame, at, from: half.from, what: `${messageName(type)}${more}`, how })
  }

  #readClientHello(body: Buffer, frame: number, at: number): string {
    this.clientHello = { ...readClientHello(body), frame, at }
    const { serverName, versions } = this.clientHello
    const name = serverName === undefined ? 'no server name' : `for ${serverName}`
    return ` (${name}, ${versions.map(versionName).join(', ')})`
  }

  #readServerHello(body: Buffer, frame: number): string {
    const hello = readServerHello(body)
    if (hello.retry) {
      this.retried = true
      return ' (asks for another key share)'
    }
    this.serverHello = { ...hello, frame }
    this.#useKeys()
    return ` (${versionName(hello.version)}, ${cipherName(hello.cipher)})`
  }

  #readCertificate(from: End, body: Buffer, frame: number, at: number): string {
    const chain = readCertificateMessage(body, this.tls13)
    this.shown[from] = { frame, at, chain }
    return chain.length === 0 ? ' (empty)' : ` (${chain.length} certificate${chain.length === 1 ? '' : 's'})`
  }

  /** From here on the key log can open what follows. */
  #useKeys(): void {
    const { clientHello, serverHello } = this
    if (clientHello === undefined || serverHello === undefined) return
    const secrets = this.#keylog.find(clientHello.random)
    const { dialler, acceptor } = this.#halves
    if (serverHello.version === 0x0304) {
      dialler.sealed = acceptor.sealed = true
      const openers = (...labels: readonly SecretLabel[]): readonly RecordOpener[] =>
        labels.flatMap((label) => {
          const secret = secrets?.[label]
          return secret === undefined ? [] : (opener13(serverHello.cipher, secret) ?? [])
        })
      dialler.openers = openers('CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'CLIENT_TRAFFIC_SECRET_0')
      acceptor.openers = openers('SERVER_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_TRAFFIC_SECRET_0')
      return
    }
    const mainSecret = secrets?.CLIENT_RANDOM
    if (mainSecret === undefined || serverHello.version !== 0x0303) return
    const { cipher, random, encryptThenMac } = serverHello
    const both = openers12({
      cipher,
      mainSecret,
      clientRandom: clientHello.random,
      serverRandom: random,
      encryptThenMac,
    })
    dialler.openers = both === undefined ? [] : [both.dialler]
    acceptor.openers = both === undefined ? [] : [both.acceptor]
  }

  /** Under TLS 1.3 it means nothing (RFC 8446 §5); before, everything after it is sealed. */
  #changeCipherSpec(half: Half): void {
    if (!this.tls13) half.sealed = this.serverHello !== undefined
  }

  #alert(half: Half, content: Buffer, { frame, at }: TlsRecord, how: 'clear' | 'opened'): void {
    const [level, number] = content
    if (level === undefined || number === undefined || content.length !== 2 || this.alerts.length >= maxSeen) return
    // TLS 1.3 ignores the level: everything but close_notify and user_canceled is fatal (RFC 8446 §6).
    const fatal = number !== 0 && number !== 90 && (this.tls13 || level === 2)
    this.alerts.push({ frame, at, from: half.from, number, fatal, how })
    this.#see({ frame, at, from: half.from, what: `alert ${alertName(number)} (${number})`, how })
  }

  #see(seen: Seen): void {
    if (this.seen.length < maxSeen) this.seen.push(seen)
  }

  #problem(sentence: string): void {
    if (this.problems.length < maxSeen) this.problems.push(sentence)
  }
}

const recordType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

/** Level, description, type octet and the tag of the AEAD: what an alert without padding is long under TLS 1.3. */
export const sealedAlertOctets = 2 + 1 + 16

function guess({ tls13 }: TlsSession, from: End, length: number): string {
  if (!tls13 || length !== sealedAlertOctets) return ''
  return `, the size of an alert of the ${from}`
}

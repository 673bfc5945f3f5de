/** Connections as they are reported: plain data, with the answer for the one that broke. */
import { X509Certificate } from 'node:crypto'
import { verdictCertificate } from '../../certificates/examine/index.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import type { Answer, Candidate, Evidence } from '../answer.ts'
import { bothSides, type Connection } from './connection.ts'
import { diagnose } from './diagnose.ts'
import type { Diagnosis } from './diagnosis.ts'
import { frameEvidence } from './diagnosis.ts'
import { judge } from './judge.ts'
import { authorityText } from './authority-text.ts'
import { isoTime } from './sip-reader.ts'
import { cipherName, groupName, signatureName, versionName } from './tls-names.ts'
import type { End, Seen, ShownChain, TlsSession } from './tls-session.ts'

export interface ConnectionReport {
  /** `127.0.0.1:40312`. */
  readonly dialler: string
  readonly acceptor: string
  /** `syn` and `hello` are proof; `guess` is by port numbers. */
  readonly diallerKnownBy: 'syn' | 'hello' | 'guess'
  readonly firstFrame: number
  readonly lastFrame: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly endedAt: string
  readonly state: Diagnosis['state']
  readonly tls: TlsReport | undefined
  readonly tcp: TcpReport
  /** What an end said that is no TLS, e.g. `INVITE sip:bob@lab.test SIP/2.0`. */
  readonly clear: Partial<Readonly<Record<End, string>>>
  readonly answer: Answer
}

interface TcpReport {
  readonly syns: number
  readonly packets: Readonly<Record<End, number>>
  readonly octets: Readonly<Record<End, number>>
  /** Segments that came again. */
  readonly repeated: Readonly<Record<End, number>>
  /** Octets that were sent and that the capture does not hold. */
  readonly notCaptured: Readonly<Record<End, number>>
  readonly closed: readonly {
    readonly by: End
    readonly how: 'fin' | 'reset'
    readonly frame: number
    readonly at: string
  }[]
}

interface TlsReport {
  readonly serverName: string | undefined
  readonly offered: OfferedReport | undefined
  readonly chosen: ChosenReport | undefined
  /** Absent: the acceptor asks for no certificate, or TLS 1.3 hides the request. */
  readonly request: { readonly authorities: readonly string[] } | undefined
  readonly certificates: Partial<Readonly<Record<End, CertificateReport>>>
  readonly handshake: readonly HandshakeLine[]
  /** A key log opened what TLS hides. */
  readonly opened: boolean
  readonly problems: readonly string[]
}

interface OfferedReport {
  readonly versions: readonly string[]
  readonly ciphers: readonly string[]
  readonly groups: readonly string[]
  readonly signatures: readonly string[]
  readonly protocols: readonly string[]
}

interface ChosenReport {
  readonly version: string
  readonly cipher: string
  readonly group: string | undefined
  readonly protocol: string | undefined
}

interface CertificateReport {
  readonly frame: number
  /** How many were sent. */
  readonly sent: number
  readonly path: readonly VerdictCertificate[]
  readonly findings: readonly Candidate[]
}

interface HandshakeLine {
  readonly frame: number
  readonly at: string
  readonly from: End
  readonly what: string
  readonly how: Seen['how']
}

interface Knowledge {
  readonly anchors: readonly Buffer[]
  readonly onDisk: readonly Buffer[]
}

/** Reports of so many connections are kept; the others are counted. */
const maxReports = 500

export class ConnectionList {
  readonly #knowledge: Knowledge
  readonly #broken: ConnectionReport[] = []
  readonly #others: ConnectionReport[] = []
  #total = 0
  #brokenCount = 0

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge
  }

  add(connection: Connection, captureEnd: number): void {
    this.#total += 1
    const report = reportOf(connection, captureEnd, this.#knowledge)
    if (report.state === 'broken') this.#brokenCount += 1
    const list = report.state === 'broken' ? this.#broken : this.#others
    if (list.length < maxReports) list.push(report)
  }

  result(): {
    readonly answer: Answer
    readonly connections: readonly ConnectionReport[]
    readonly total: number
    readonly broken: number
  } {
    const broken = this.#broken.toSorted((one, next) => weight(next) - weight(one))
    const connections = [...broken, ...this.#others]
    const answer = (broken[0] ?? mostTelling(this.#others))?.answer ?? nothingBroke
    return { answer, connections, total: this.#total, broken: this.#brokenCount }
  }
}

const nothingBroke: Answer = {
  cause: undefined,
  candidates: [],
  whoseCertificate: undefined,
  whoRefused: undefined,
  needsKeylog: false,
  evidence: [],
}

/** Where nothing is seen to break: what is not clear, then what a strict peer would refuse, then what is sealed. */
function mostTelling(reports: readonly ConnectionReport[]): ConnectionReport | undefined {
  return (
    reports.find(({ state, answer }) => state === 'unclear' && answer.candidates.length > 0) ??
    reports.find(({ answer }) => answer.candidates.length > 0) ??
    reports.find(({ answer }) => answer.needsKeylog) ??
    reports.find(({ state }) => state === 'unclear')
  )
}

/** The answer is about the connection that says most; the first one where several say as much. */
function weight({ answer }: ConnectionReport): number {
  return (
    (answer.cause === undefined ? 0 : 4) +
    (answer.whoseCertificate === undefined ? 0 : 2) +
    (answer.whoRefused === undefined ? 0 : 1)
  )
}

function reportOf(connection: Connection, captureEnd: number, knowledge: Knowledge): ConnectionReport {
  const { tls, firstFrame, lastFrame, startedAt, endedAt, dialler } = connection
  const asJudge = (shown: ShownChain, by: End, name: string | undefined): ReturnType<typeof judged> =>
    judged(shown, by, name, knowledge)
  const diagnosis = diagnose(connection, asJudge, captureEnd)
  return {
    dialler: connection.sideOf('dialler').place,
    acceptor: connection.sideOf('acceptor').place,
    diallerKnownBy: dialler.by,
    firstFrame,
    lastFrame,
    startedAt: isoTime(startedAt),
    endedAt: isoTime(endedAt),
    state: diagnosis.state,
    tls: tls === undefined ? undefined : tlsReport(tls, asJudge),
    tcp: tcpReport(connection),
    clear: clearOf(connection),
    answer: answerOf(diagnosis, connection),
  }
}

function answerOf(diagnosis: Diagnosis, { tls }: Connection): Answer {
  const { candidates, certain, whoseCertificate, whoRefused, needsKeylog = false, evidence = [] } = diagnosis
  const [first] = candidates
  return {
    cause: certain && first !== undefined ? { code: first.code } : undefined,
    candidates,
    whoseCertificate,
    whoRefused,
    needsKeylog,
    evidence: [...helloEvidence(tls), ...evidence],
  }
}

function helloEvidence(tls: TlsSession | undefined): readonly Evidence[] {
  const lines = tls?.seen.filter(({ what }) => /^(?:ClientHello|ServerHello)/.test(what)) ?? []
  return lines.slice(0, 2).map(({ frame, what }) => frameEvidence(frame, what))
}

function judged(
  shown: ShownChain,
  by: End,
  name: string | undefined,
  { anchors, onDisk }: Knowledge,
): ReturnType<typeof judge> & { readonly notReloaded: string | undefined } {
  const judgement = judge({ chain: shown.chain, shownBy: by, at: shown.at, name, anchors })
  return { ...judgement, notReloaded: notReloaded(shown, onDisk) }
}

/** The file has a later certificate for the same subject: the server still shows the one before. */
function notReloaded({ chain: [leaf] }: ShownChain, onDisk: readonly Buffer[]): string | undefined {
  const shown = leaf === undefined ? undefined : certificateOf(leaf)
  if (shown === undefined) return undefined
  const later = onDisk
    .flatMap((der) => certificateOf(der) ?? [])
    .find((file) => file.subject === shown.subject && file.validToDate.getTime() > shown.validToDate.getTime())
  if (later === undefined) return undefined
  const ends = [later, shown].map(({ validToDate }) => validToDate.toISOString())
  return `the file holds a certificate valid to ${ends[0]}, the connection shows one valid to ${ends[1]}`
}

/** What OpenSSL cannot read is compared with nothing. */
function certificateOf(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

function perEnd<T>(connection: Connection, value: (side: Connection['sides'][0]) => T): Readonly<Record<End, T>> {
  return { dialler: value(connection.sideOf('dialler')), acceptor: value(connection.sideOf('acceptor')) }
}

function tcpReport(connection: Connection): TcpReport {
  return {
    syns: connection.syns,
    packets: perEnd(connection, ({ packets }) => packets),
    octets: perEnd(connection, ({ stream }) => stream.octets),
    repeated: perEnd(connection, ({ stream }) => stream.repeated),
    notCaptured: perEnd(connection, ({ stream }) => stream.notCaptured),
    closed: connection.closings.map(({ side, how, frame, at }) => ({
      by: connection.end(side),
      how,
      frame,
      at: isoTime(at),
    })),
  }
}

function clearOf(connection: Connection): ConnectionReport['clear'] {
  const lines = bothSides.flatMap((side): readonly [End, string][] => {
    const { speech, proxy } = connection.sides[side]
    const line = proxy ?? (speech !== undefined && 'line' in speech ? speech.line : undefined)
    return line === undefined ? [] : [[connection.end(side), line]]
  })
  return Object.fromEntries(lines)
}

function tlsReport(
  tls: TlsSession,
  asJudge: (shown: ShownChain, by: End, name: string | undefined) => ReturnType<typeof judged>,
): TlsReport {
  const { clientHello, serverHello, request, seen, problems } = tls
  const certificates: Partial<Record<End, CertificateReport>> = {}
  for (const end of ['dialler', 'acceptor'] as const) {
    const shown = tls.shown[end]
    if (shown !== undefined)
      certificates[end] = certificateReport(
        shown,
        asJudge(shown, end, end === 'acceptor' ? clientHello?.serverName : undefined),
      )
  }
  return {
    serverName: clientHello?.serverName,
    offered: clientHello === undefined ? undefined : offeredReport(clientHello),
    chosen: serverHello === undefined ? undefined : chosenReport(tls, serverHello),
    request: request === undefined ? undefined : { authorities: request.authorities.map(authorityText) },
    certificates,
    handshake: seen.map(({ frame, at, from, what, how }) => ({ frame, at: isoTime(at), from, what, how })),
    opened: tls.opened,
    problems,
  }
}

function certificateReport(
  { frame, chain }: ShownChain,
  { path, faults }: ReturnType<typeof judged>,
): CertificateReport {
  return {
    frame,
    sent: chain.length,
    path: path.map(verdictCertificate),
    findings:
      chain.length === 0
        ? []
        : faults.map(({ code, found, role, field }) => ({ code, why: `${role} ${field}: ${found}` })),
  }
}

function offeredReport({
  versions,
  ciphers,
  groups,
  signatures,
  protocols,
}: NonNullable<TlsSession['clientHello']>): OfferedReport {
  return {
    versions: versions.map(versionName),
    ciphers: ciphers.map(cipherName),
    groups: groups.map(groupName),
    signatures: signatures.map(signatureName),
    protocols,
  }
}

function chosenReport(
  { keyExchange }: TlsSession,
  { version, cipher, group, protocol }: NonNullable<TlsSession['serverHello']>,
): ChosenReport {
  const exchanged =
    keyExchange?.kind === 'ecdhe'
      ? groupName(keyExchange.group)
      : keyExchange?.kind === 'dhe'
        ? `DHE ${keyExchange.bits}`
        : undefined
  return {
    version: versionName(version),
    cipher: cipherName(cipher),
    group: group === undefined ? exchanged : groupName(group),
    protocol,
  }
}

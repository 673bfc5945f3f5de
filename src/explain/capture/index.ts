/** `siplab explain capture.pcap`: which connection broke, at which end and why. */
import { createReadStream } from 'node:fs'
import type { Answer } from '../answer.ts'
import { CaptureFile } from './capture-file.ts'
import type { Connection } from './connection.ts'
import { ConnectionTable } from './connection-table.ts'
import { ConnectionList, type ConnectionReport } from './report.ts'
import { KeyLog } from './keylog.ts'
import type { SipMessage } from './sip-reader.ts'
import { PendingBudget } from './tcp-stream.ts'

export { recognise } from './capture-file.ts'

export interface CaptureOptions {
  /** Text of a TLS key log (SSLKEYLOGFILE, RFC 9850). */
  readonly keylog?: string
  /** DER of trusted roots. Absent: trust is not judged. */
  readonly anchors?: readonly Buffer[]
  /** DER of certificates as they are on disk: they show when a server was not reloaded. */
  readonly onDisk?: readonly Buffer[]
}

export interface CaptureAnswer extends Answer {
  readonly kind: 'capture'
  /** Those that broke first, then the others; at most a thousand are described. */
  readonly connections: readonly ConnectionReport[]
  /** Readable SIP, in the order of the capture. */
  readonly sip: readonly SipMessage[]
  readonly counts: CaptureCounts
  /** What was left out or is damaged, one sentence each. */
  readonly problems: readonly string[]
}

interface CaptureCounts {
  readonly packets: number
  readonly connections: number
  readonly broken: number
  /** IP fragments, which are not put together. */
  readonly fragments: number
  readonly sipMessages: number
  /** Handshakes of which the key log has secrets. */
  readonly keys: number
}

const maxSip = 5000
const maxProblems = 50

/**
 * Reads a capture and explains the connection that broke.
 *
 * @param source a path, or the whole file
 * @throws CaptureError for what is no capture
 */
export async function explainCapture(source: string | Buffer, options: CaptureOptions = {}): Promise<CaptureAnswer> {
  const reading = new Reading(options)
  if (typeof source === 'string') {
    for await (const chunk of createReadStream(source, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>)
      reading.push(chunk)
  } else reading.push(source)
  return reading.end()
}

/** Silence would look as if all were well. */
function nothingRead(packets: number): string {
  return (
    `none of the ${packets} packets belongs to a TCP connection or holds SIP over UDP; siplab does not open tunnels ` +
    '(GRE, MPLS, VXLAN, PPPoE): record inside the tunnel'
  )
}

class Reading {
  readonly #keylog = new KeyLog()
  readonly #sip: SipMessage[] = []
  readonly #problems: string[] = []
  readonly #list: ConnectionList
  readonly #table: ConnectionTable
  readonly #file: CaptureFile
  #sipCount = 0
  #lastAt = 0
  #cutPackets = 0

  constructor({ keylog, anchors = [], onDisk = [] }: CaptureOptions) {
    if (keylog !== undefined) this.#keylog.add(keylog)
    this.#list = new ConnectionList({ anchors, onDisk })
    const problem = (sentence: string): void => this.#problem(sentence)
    const around = {
      keylog: this.#keylog,
      budget: new PendingBudget(),
      sip: (message: SipMessage) => this.#message(message),
    }
    this.#table = new ConnectionTable(around, {
      finished: (connection: Connection) => this.#list.add(connection, this.#lastAt),
      problem,
    })
    this.#file = new CaptureFile({
      packet: (packet) => {
        this.#lastAt = packet.at
        if (packet.octets.length < packet.originalLength) this.#cutPackets += 1
        this.#table.packet(packet)
      },
      keylog: (text) => this.#keylog.add(text),
      problem,
    })
  }

  push(chunk: Buffer): void {
    this.#file.push(chunk)
  }

  end(): CaptureAnswer {
    this.#file.end()
    this.#table.end()
    if (this.#cutPackets > 0)
      this.#problem(`${this.#cutPackets} packets were recorded only in part; record again with tcpdump -s 0`)
    const { answer, connections, total, broken } = this.#list.result()
    const { packets, fragments } = this.#table
    const isSilent = total === 0 && this.#sipCount === 0 && fragments === 0 && this.#problems.length === 0
    if (packets > 0 && isSilent) this.#problem(nothingRead(packets))
    return {
      kind: 'capture',
      ...answer,
      connections,
      sip: this.#sip,
      counts: {
        packets,
        connections: total,
        broken,
        fragments,
        sipMessages: this.#sipCount,
        keys: this.#keylog.handshakes,
      },
      problems: this.#problems,
    }
  }

  #message(message: SipMessage): void {
    this.#sipCount += 1
    if (this.#sip.length < maxSip) this.#sip.push(message)
  }

  #problem(sentence: string): void {
    if (this.#problems.length < maxProblems) this.#problems.push(sentence)
  }
}

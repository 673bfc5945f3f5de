/** What a foreign stack is to this job. */
import { dialledName, type EndFiles } from './cases.ts'
import type { Running } from './program.ts'

export type TlsVersion = '1.2' | '1.3'

export interface Accepting {
  readonly port: number
  readonly program: Running
}

export interface Stack {
  readonly name: string
  /** Programs that it needs. */
  readonly needs: readonly string[]
  /** For the report: `OpenSSL 3.0.22`. */
  readonly version: () => string
  /** Demands a certificate of its client and verifies it. */
  readonly accept: (files: EndFiles, version: TlsVersion) => Promise<Accepting>
  /** Dials, verifies chain and name (where it does so), and sends an OPTIONS. */
  readonly dial: (files: EndFiles, port: number, version: TlsVersion) => Promise<Running>
  /** Faults that this stack does not look at when it judges. */
  readonly overlooks?: readonly string[]
  /** It has no TLS without a certificate of its own. */
  readonly alwaysShows?: true
  /** As acceptor it completes the handshake and tells a client its fault in an HTTP answer: no SIP server does. */
  readonly answersInHttp?: true
  /** Faults of its own certificate with which it shows none. */
  readonly showsNoneFor?: readonly string[]
}

export const optionsText =
  `OPTIONS sip:${dialledName} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKforeign\r\n` +
  `From: <sip:foreign@lab.test>;tag=1\r\nTo: <sip:${dialledName}>\r\nCall-ID: foreign-peers\r\nCSeq: 1 OPTIONS\r\n` +
  'Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n'

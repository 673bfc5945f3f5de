/** What a foreign stack is to the scripts: how it is made to accept and to dial, with given files. */
import type { Topic } from '../../src/peers/stacks/index.ts'
import type { Running } from './program.ts'

export type TlsVersion = '1.2' | '1.3'

/** The name that every dialler dials, and that the good certificate of either end carries. */
export const dialledName = 'fe1.lab.test'

export interface Identity {
  /** Files, PEM. */
  readonly chain: string
  readonly key: string
}

/** What one end is given. */
export interface EndFiles {
  readonly folder: string
  /** Absent: it has no certificate. */
  readonly own: Identity | undefined
  /** PEM file of the roots it trusts. */
  readonly trust: string
  /** PEM file with the CRLs of the issuing CA and the root. Absent: it checks none. */
  readonly crl: string | undefined
  /** Its clock, as libfaketime reads it: `+800d`. Absent: the right one. */
  readonly clock: string | undefined
}

export interface Accepting {
  readonly port: number
  readonly program: Running
}

/**
 * `lax`: as administrators often leave it. `without chain`: strict but for the setting about that topic; `with
 * client-name`: strict and one setting more. Each stack knows only some.
 */
export type Stance = 'strict' | 'lax' | `${'with' | 'without'} ${Topic}`

/** Demands a certificate of its client and verifies it; to who gets in it sends something back. */
type Accept = (files: EndFiles, version: TlsVersion, stance?: Stance) => Promise<Accepting>

/** Dials, verifies chain and name (where it does so), and sends a SIP request. */
type Dial = (files: EndFiles, port: number, version: TlsVersion, stance?: Stance) => Promise<Running>

/** A program that plays one end of a link, or both. */
export interface Program {
  readonly name: string
  /** Programs that it needs. */
  readonly needs: readonly string[]
  /** For the report: `OpenSSL 3.0.22`. */
  readonly version: () => string
  readonly accept?: Accept
  readonly dial?: Dial
  /** Why it has no `accept`, or asks who dials it for no certificate. */
  readonly acceptsNot?: string
  /** Settings with which it ran, in the words of its configuration: accepting, dialling. */
  readonly set: { readonly accept?: string; readonly dial?: string }
}

/** A program that plays both ends and verifies at both. */
export interface Stack extends Program {
  readonly accept: Accept
  readonly dial: Dial
  /** Faults that this stack does not look at when it judges. */
  readonly overlooks?: readonly string[]
  /** It has no TLS without a certificate of its own. */
  readonly alwaysShows?: true
  /** As acceptor it completes the handshake and closes then: no SIP server does. */
  readonly refusesAfterwards?: true
  /** Faults of its own certificate with which it shows none. */
  readonly showsNoneFor?: readonly string[]
}

export const optionsText =
  `OPTIONS sip:${dialledName} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKforeign\r\n` +
  `From: <sip:foreign@lab.test>;tag=1\r\nTo: <sip:${dialledName}>\r\nCall-ID: foreign-peers\r\nCSeq: 1 OPTIONS\r\n` +
  'Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n'

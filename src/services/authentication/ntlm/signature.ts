/**
 * What is signed of a SIP message, and how ([MS-SIPAE] 3.1.5, 3.2.5.1, 3.3.5.1). A signature covers who speaks to whom
 * in which dialog; hops may change Via, Route, Record-Route, Contact, Max-Forwards and the body.
 */
import { timingSafeEqual } from 'node:crypto'
import type { SipMessage } from '../../../sip/message/types.ts'
import { type DirectionKeys, hmacMd5, md5 } from './keys.ts'
import { rc4 } from './rc4.ts'

/** The sequence number on the wire is always this one: connectionless NTLM starts the key stream anew each time. */
const sequence = Buffer.from([100, 0, 0, 0])
const head = Buffer.from([1, 0, 0, 0])

/** The parameters that a signature belongs to. */
export interface SignedParameters {
  /** `crand` or `srand`. */
  readonly rand: string
  /** `cnum` or `snum`. */
  readonly num: string
  readonly realm: string
  readonly target: string
  /** 2, 3 or 4; from 3 on the URI of To and the asserted identities are covered too. */
  readonly version: number
}

/** `<NTLM><5477b8c5><2><SIP Communications Service><se.lab.test><…>`; latin1. @throws MessageError */
export function signedText(message: SipMessage, { rand, num, realm, target, version }: SignedParameters): string {
  const { from, to, callId, cseq, method } = message
  const later = version >= 3
  const parts = ['NTLM', rand, num, realm, target, callId, String(cseq), method]
  parts.push(from.uri.text, message.fromTag ?? '')
  if (later) parts.push(to.uri.text)
  parts.push(message.toTag ?? '')
  if (later) parts.push(...identities(message))
  parts.push(message.header('Expires') ?? '')
  if (message.kind === 'response') parts.push(String(message.status))
  return parts.map((part) => `<${part}>`).join('')
}

/** The SIP and the tel URI of P-Asserted-Identity, else of P-Preferred-Identity. */
function identities(message: SipMessage): readonly [string, string] {
  const name = message.header('P-Asserted-Identity') === undefined ? 'P-Preferred-Identity' : 'P-Asserted-Identity'
  if (message.header(name) === undefined) return ['', '']
  const uris = message.addresses(name).map(({ uri }) => uri)
  const first = (schemes: readonly string[]): string => uris.find(({ scheme }) => schemes.includes(scheme))?.text ?? ''
  return [first(['sip', 'sips']), first(['tel'])]
}

/** The keys of one direction, ready to sign: the key stream is the same for each message, so it is made once. */
export interface Signer {
  readonly sign: Buffer
  readonly stream: Buffer
}

export function signerOf({ sign, seal }: DirectionKeys): Signer {
  return { sign, stream: rc4(md5(seal, sequence), Buffer.alloc(8)) }
}

/** 32 upper-case hex digits. @param text latin1 */
export function signatureOf({ sign, stream }: Signer, text: string): string {
  const mac = hmacMd5(sign, Buffer.concat([sequence, Buffer.from(text, 'latin1')])).subarray(0, 8)
  for (let at = 0; at < mac.length; at++) mac[at] = (mac[at] ?? 0) ^ (stream[at] ?? 0)
  return Buffer.concat([head, mac, sequence]).toString('hex').toUpperCase()
}

export function isSignature(signer: Signer, text: string, response: string): boolean {
  if (!/^[0-9A-Fa-f]{32}$/.test(response)) return false
  return timingSafeEqual(Buffer.from(signatureOf(signer, text), 'hex'), Buffer.from(response, 'hex'))
}

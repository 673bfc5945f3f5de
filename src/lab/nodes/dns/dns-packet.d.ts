/** The part of dns-packet that the lab's DNS server uses; the package brings no types of its own. */
declare module 'dns-packet' {
  export interface Question {
    readonly name: string
    readonly type: string
    readonly class?: string
  }

  export interface ResourceRecord {
    readonly name: string
    readonly type: string
    readonly ttl?: number
    readonly class?: string
    readonly data?: unknown
    /** Only on the OPT pseudo record (RFC 6891). */
    readonly udpPayloadSize?: number
  }

  export interface Packet {
    readonly type?: 'query' | 'response'
    readonly id?: number
    /** The flag bits of RFC 1035 §4.1.1 with the response code in the low four. */
    readonly flags?: number
    readonly opcode?: string
    readonly rcode?: string
    readonly questions?: readonly Question[]
    readonly answers?: readonly ResourceRecord[]
    readonly authorities?: readonly ResourceRecord[]
    readonly additionals?: readonly ResourceRecord[]
  }

  export function encode(packet: Packet): Buffer
  export function decode(octets: Buffer): Packet
  export const AUTHORITATIVE_ANSWER: number
  export const TRUNCATED_RESPONSE: number
  export const RECURSION_DESIRED: number
}

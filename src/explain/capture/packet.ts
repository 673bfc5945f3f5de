/** What the readers of capture files hand on, and what they are given. */
import type { OctetQueue } from './octet-queue.ts'

/** One captured packet. `octets` lives only until the callback returns: copy what is kept. */
export interface Packet {
  /** From 1, as Wireshark counts. */
  readonly frame: number
  /** Milliseconds since 1970, with fractions. */
  readonly at: number
  /** LINKTYPE_ value, e.g. 1 for Ethernet. */
  readonly linkType: number
  readonly octets: Buffer
  /** On the network; more than `octets.length` where the capture cut the packet. */
  readonly originalLength: number
}

export interface CaptureEvents {
  packet(packet: Packet): void
  /** Text of a TLS key log that the file brings along (pcapng decryption secrets block). */
  keylog(text: string): void
  /** Something in the file is damaged or left out: one sentence. */
  problem(sentence: string): void
}

/** Takes what it can from the queue. */
export interface FormatReader {
  /** @returns false when the rest of the file cannot be read */
  read(queue: OctetQueue): boolean
}

/** No packet is longer: the largest snapshot length of tcpdump and Wireshark. */
export const maxPacketOctets = 262_144

/** Waits until a whole ClientHello has come (RFC 8446 §4.1.2, §5.1), before the connection costs more than a socket. */
import type { Socket } from 'node:net'

/** What the first octets are. */
export type Opening =
  /** A part of a ClientHello: nothing more can be said before so many octets are there. */
  | { readonly kind: 'part'; readonly needed: number }
  | { readonly kind: 'whole' }
  /** No ClientHello, or none of a sane size: TLS finds the words for it. */
  | { readonly kind: 'other' }

const recordHead = 5
const handshakeHead = 4
const handshakeRecord = 22
const clientHello = 1
/** RFC 8446 §5.1. */
const longestRecord = 16_384
/** A client sends one or two. What has come is read from its start at each part, so their number bounds the work. */
const mostRecords = 1024
/** Post-quantum key shares and ECH make about 2 kB; OpenSSL takes no more than this. */
const longestHello = 131_396

/** @param octets everything that has come so far */
export function openingOf(octets: Buffer): Opening {
  const hello: { type: number | undefined; length: number; have: number } = { type: undefined, length: 0, have: 0 }
  let at = 0
  for (let records = 0; at < octets.length; records++) {
    if (octets[at] !== handshakeRecord || records === mostRecords) return { kind: 'other' }
    if (octets.length < at + recordHead) return part(at + recordHead)
    const length = octets.readUInt16BE(at + 3)
    if (octets[at + 1] !== 3 || length === 0 || length > longestRecord) return { kind: 'other' }
    const start = at + recordHead
    if (at === 0) {
      // A first record that does not hold the head of its message is legal, and no client sends it.
      if (length < handshakeHead) return { kind: 'other' }
      if (octets.length < start + handshakeHead) return part(start + handshakeHead)
      hello.type = octets[start]
      hello.length = handshakeHead + octets.readUIntBE(start + 1, 3)
      if (hello.type !== clientHello || hello.length > longestHello) return { kind: 'other' }
    }
    hello.have += length
    if (octets.length < start + length) return part(start + length)
    if (hello.have >= hello.length) return { kind: 'whole' }
    at = start + length
  }
  return part(at + recordHead)
}

function part(needed: number): Opening {
  return { kind: 'part', needed }
}

export interface HelloUser {
  /** The octets are back in the socket, unread. */
  arrived(octets: Buffer): void
  /** The time is over, or the connection ended before. `octets`: how many had come. The callee destroys the socket. */
  missing(octets: number, isLate: boolean): void
}

/** Calls one of the two, once. The socket is paused, as it was accepted. */
export function awaitHello(socket: Socket, milliseconds: number, user: HelloUser): void {
  const chunks: Buffer[] = []
  let total = 0
  let needed = 1
  const timer = setTimeout(() => end(() => user.missing(total, true)), milliseconds)
  const gone = (): void => end(() => user.missing(total, false))

  function read(): void {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      chunks.push(chunk)
      total += chunk.length
    }
    if (total < needed) return
    const octets = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
    const opening = openingOf(octets)
    if (opening.kind === 'part') {
      chunks.splice(0, chunks.length, octets)
      needed = opening.needed
      return
    }
    end(() => {
      socket.unshift(octets)
      user.arrived(octets)
    })
  }

  function end(then: () => void): void {
    clearTimeout(timer)
    socket.off('readable', read).off('close', gone)
    then()
  }

  // An error is followed by close, which says it all.
  socket.on('error', ignore).on('close', gone).on('readable', read)
}

function ignore(): void {
  // The connection ends; `missing` is called for it.
}

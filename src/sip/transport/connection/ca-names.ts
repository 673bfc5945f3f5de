/**
 * The names of CAs that a server announces when it asks for a certificate (RFC 5246 §7.4.4, RFC 8446 §4.2.4).
 * Node does not report them, so the octets of one handshake without a certificate are read here. Clients of Java, Go,
 * GnuTLS and Schannel show nothing when no name fits; OpenSSL shows its certificate all the same.
 */
import { createDecipheriv, createHmac, X509Certificate } from 'node:crypto'
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'

/** A server's first flight with 1000 names of 100 octets. */
const mostOctets = 256 * 1024

/**
 * @param options as of the handshake that follows, without the certificate of this end
 * @returns DER names; empty: any CA will do. undefined: no certificate was asked for, or the handshake ended before
 */
export function announcedCas(
  to: TcpNetConnectOpts,
  options: ConnectionOptions,
  timeoutMs: number,
): Promise<readonly Buffer[] | undefined> {
  const socket = connectTcp(to)
  const received: Buffer[] = []
  let octets = 0
  const tap = tapped(socket, (chunk) => {
    octets += chunk.length
    if (octets <= mostOctets) received.push(chunk)
    else socket.destroy()
  })
  let secret: Buffer | undefined
  return new Promise((resolve) => {
    const tls = connectTls({ ...options, socket: tap, rejectUnauthorized: false })
    const end = (): void => {
      clearTimeout(timer)
      tls.destroy()
      socket.destroy()
      resolve(namesIn(Buffer.concat(received), secret))
    }
    const timer = setTimeout(end, timeoutMs)
    tls.on('keylog', (line: Buffer) => (secret ??= handshakeSecret(line)))
    // What the server still sends is read, so that it sees an end and no reset.
    tls
      .on('error', end)
      .once('close', end)
      .once('secureConnect', () => tls.end())
      .resume()
    socket.on('error', end)
  })
}

/** Whether one of the names is that of a CA above this certificate; no names at all fit every certificate. */
export function fits(names: readonly Buffer[], certificatePem: string): boolean {
  const chain = (certificatePem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).raw,
  )
  return names.length === 0 || names.some((name) => chain.some((der) => der.includes(name)))
}

/** Passes everything on, and shows what comes in. */
function tapped(socket: Socket, onRead: (chunk: Buffer) => void): Duplex {
  const tap = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
  })
  socket.on('data', (chunk: Buffer) => {
    onRead(chunk)
    if (!tap.push(chunk)) socket.pause()
  })
  socket.on('end', () => tap.push(null))
  return tap
}

/** `SERVER_HANDSHAKE_TRAFFIC_SECRET <client random> <secret>` (RFC 9850). */
function handshakeSecret(line: Buffer): Buffer | undefined {
  const [label, , secret] = line.toString('latin1').trim().split(' ')
  return label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET' && secret !== undefined ? Buffer.from(secret, 'hex') : undefined
}

const type = { handshake: 22, data: 23, serverHello: 2, certificateRequest: 13 } as const

function namesIn(octets: Buffer, secret: Buffer | undefined): readonly Buffer[] | undefined {
  try {
    const request = messagesOf(octets, secret).find((message) => message[0] === type.certificateRequest)
    if (request === undefined) return undefined
    const body = request.subarray(4)
    return secret === undefined ? namesOf12(body) : namesOf13(body)
  } catch (error) {
    // A flight that ends early announces nothing.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Handshake messages with their heads, the encrypted ones of TLS 1.3 opened. */
function messagesOf(octets: Buffer, secret: Buffer | undefined): readonly Buffer[] {
  const flight: Buffer[] = []
  let unseal: ReturnType<typeof opener> | undefined
  for (let at = 0; at + 5 <= octets.length; ) {
    const end = at + 5 + octets.readUInt16BE(at + 3)
    const [head, content] = [octets.subarray(at, at + 5), octets.subarray(at + 5, end)]
    at = end
    if (head[0] === type.handshake) flight.push(content)
    if (head[0] !== type.data || secret === undefined) continue
    unseal ??= opener(cipherIn(flight[0] ?? Buffer.alloc(0)), secret)
    const opened = unseal(head, content)
    if (opened === undefined) break
    flight.push(opened)
  }
  return split(Buffer.concat(flight))
}

function split(flight: Buffer): readonly Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 4 <= flight.length; ) {
    const end = at + 4 + flight.readUIntBE(at + 1, 3)
    messages.push(flight.subarray(at, end))
    at = end
  }
  return messages
}

/** Behind head, version, random and session id. */
function cipherIn(serverHello: Buffer): number {
  const sessionId = 4 + 2 + 32
  return serverHello.readUInt16BE(sessionId + 1 + serverHello.readUInt8(sessionId))
}

function namesOf12(body: Buffer): readonly Buffer[] {
  const algorithms = 1 + body.readUInt8(0)
  return listOf(body.subarray(algorithms + 2 + body.readUInt16BE(algorithms)))
}

const certificateAuthorities = 47

function namesOf13(body: Buffer): readonly Buffer[] {
  for (let at = 1 + body.readUInt8(0) + 2; at + 4 <= body.length; at += 4 + body.readUInt16BE(at + 2)) {
    const end = at + 4 + body.readUInt16BE(at + 2)
    if (body.readUInt16BE(at) === certificateAuthorities) return listOf(body.subarray(at + 4, end))
  }
  return []
}

function listOf(octets: Buffer): readonly Buffer[] {
  const names: Buffer[] = []
  for (let at = 2; at + 2 <= octets.length; at += 2 + octets.readUInt16BE(at))
    names.push(octets.subarray(at + 2, at + 2 + octets.readUInt16BE(at)))
  return names
}

const suites = new Map<number, { readonly cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'; hash: string }>([
  [0x1301, { cipher: 'aes-128-gcm', hash: 'sha256' }],
  [0x1302, { cipher: 'aes-256-gcm', hash: 'sha384' }],
  [0x1303, { cipher: 'chacha20-poly1305', hash: 'sha256' }],
])

/** Opens one record after the other (RFC 8446 §5.2, §7.3). undefined: it was sealed by other keys. */
function opener(suite: number, secret: Buffer): (head: Buffer, sealed: Buffer) => Buffer | undefined {
  const known = suites.get(suite)
  if (known === undefined) return () => undefined
  const { cipher, hash } = known
  const key = expandLabel(hash, secret, 'key', cipher === 'aes-128-gcm' ? 16 : 32)
  const iv = expandLabel(hash, secret, 'iv', 12)
  let sequence = 0
  return (head, sealed) => {
    const nonce = Buffer.from(iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ sequence) >>> 0, 8)
    sequence += 1
    const inner = unsealed(cipher, key, nonce, head, sealed)
    // The type of the content comes after the content and before zeros.
    const end = inner?.findLastIndex((octet) => octet !== 0) ?? -1
    return inner?.[end] === type.handshake ? inner.subarray(0, end) : undefined
  }
}

function unsealed(
  cipher: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305',
  key: Buffer,
  nonce: Buffer,
  head: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  if (sealed.length < 17) return undefined
  const options = { authTagLength: 16 } as const
  const decipher =
    cipher === 'chacha20-poly1305'
      ? createDecipheriv(cipher, key, nonce, options)
      : createDecipheriv(cipher, key, nonce, options)
  decipher.setAAD(head, { plaintextLength: sealed.length - 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  const inner = decipher.update(sealed.subarray(0, -16))
  try {
    decipher.final()
    return inner
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** HKDF-Expand-Label with an empty context, one block (RFC 8446 §7.1). */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, length)
}

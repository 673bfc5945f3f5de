/** The handshake messages that say something about a failure, read from their octets (RFC 8446 §4, RFC 5246 §7.4). */
import { numbers16, OctetReader } from './octet-reader.ts'
import { isGrease } from './tls-names.ts'

export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  certificateStatus: 22,
  keyUpdate: 24,
} as const

const messageNames: ReadonlyMap<number, string> = new Map([
  [0, 'HelloRequest'],
  [1, 'ClientHello'],
  [2, 'ServerHello'],
  [4, 'NewSessionTicket'],
  [5, 'EndOfEarlyData'],
  [8, 'EncryptedExtensions'],
  [11, 'Certificate'],
  [12, 'ServerKeyExchange'],
  [13, 'CertificateRequest'],
  [14, 'ServerHelloDone'],
  [15, 'CertificateVerify'],
  [16, 'ClientKeyExchange'],
  [20, 'Finished'],
  [22, 'CertificateStatus'],
  [24, 'KeyUpdate'],
])

export function messageName(type: number): string {
  return messageNames.get(type) ?? `message ${type}`
}

const Extension = {
  serverName: 0,
  groups: 10,
  signatureAlgorithms: 13,
  applicationProtocols: 16,
  extendedMainSecret: 23,
  encryptThenMac: 22,
  preSharedKey: 41,
  supportedVersions: 43,
  certificateAuthorities: 47,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const

export interface ClientHello {
  /** Hex. */
  readonly random: string
  /** Highest first as offered, GREASE left out. */
  readonly versions: readonly number[]
  readonly ciphers: readonly number[]
  readonly groups: readonly number[]
  readonly keyShares: readonly number[]
  readonly signatures: readonly number[]
  readonly protocols: readonly string[]
  /** Absent: no server name was sent. */
  readonly serverName: string | undefined
  readonly secureRenegotiation: boolean
  readonly resumes: boolean
  /** In the order of the message; with GREASE. */
  readonly extensions: readonly number[]
}

export interface ServerHello {
  readonly random: string
  readonly version: number
  readonly cipher: number
  /** TLS 1.3: the group of the key share. */
  readonly group: number | undefined
  readonly protocol: string | undefined
  /** The acceptor wants the hello again, with a key share of `group` (RFC 8446 §4.1.4). */
  readonly retry: boolean
  readonly secureRenegotiation: boolean
  readonly encryptThenMac: boolean
  readonly resumed: boolean
}

export interface CertificateRequest {
  /** DER of the names. */
  readonly authorities: readonly Buffer[]
  readonly signatures: readonly number[]
}

/** The key exchange of TLS 1.2: bits of the prime, or a group. */
export type KeyExchange =
  | { readonly kind: 'dhe'; readonly bits: number }
  | { readonly kind: 'ecdhe'; readonly group: number }

/** RFC 8446 §4.1.2. */
export function readClientHello(body: Buffer): ClientHello {
  const reader = new OctetReader(body)
  const legacy = reader.u16()
  const random = reader.take(32).toString('hex')
  const session = reader.vector8()
  const ciphers = numbers16(reader.vector16())
  reader.vector8()
  const extensions = reader.left === 0 ? new Map<number, Buffer>() : readExtensions(reader.vector16())
  const list = (type: number): readonly number[] => listed(extensions.get(type))
  const versions = extensions.get(Extension.supportedVersions)
  const named = versions === undefined ? [legacy] : numbers16(new OctetReader(versions).vector8())
  return {
    random,
    versions: named.filter((version) => !isGrease(version)),
    ciphers: ciphers.filter((cipher) => !isGrease(cipher)),
    groups: list(Extension.groups),
    keyShares: keyShares(extensions.get(Extension.keyShare)),
    signatures: list(Extension.signatureAlgorithms),
    protocols: protocolNames(extensions.get(Extension.applicationProtocols)),
    serverName: serverName(extensions.get(Extension.serverName)),
    secureRenegotiation: ciphers.includes(0x00ff) || extensions.has(Extension.renegotiationInfo),
    resumes: extensions.has(Extension.preSharedKey) || (session.length > 0 && versions === undefined),
    extensions: [...extensions.keys()],
  }
}

/** The random of a HelloRetryRequest: SHA-256 of its name (RFC 8446 §4.1.3). */
const retryRandom = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'

export function readServerHello(body: Buffer): ServerHello {
  const reader = new OctetReader(body)
  const legacy = reader.u16()
  const random = reader.take(32).toString('hex')
  reader.vector8()
  const cipher = reader.u16()
  reader.u8()
  const extensions = reader.left === 0 ? new Map<number, Buffer>() : readExtensions(reader.vector16())
  const chosen = extensions.get(Extension.supportedVersions)
  const share = extensions.get(Extension.keyShare)
  return {
    random,
    version: chosen === undefined ? legacy : new OctetReader(chosen).u16(),
    cipher,
    group: share === undefined ? undefined : new OctetReader(share).u16(),
    protocol: protocolNames(extensions.get(Extension.applicationProtocols))[0],
    retry: random === retryRandom,
    secureRenegotiation: extensions.has(Extension.renegotiationInfo),
    encryptThenMac: extensions.has(Extension.encryptThenMac),
    resumed: extensions.has(Extension.preSharedKey),
  }
}

/** A chain is never longer in practice; more is not kept. */
const maxCertificates = 32

/** DER of every certificate, in the order of the message. */
export function readCertificateMessage(body: Buffer, tls13: boolean): readonly Buffer[] {
  const reader = new OctetReader(body)
  if (tls13) reader.vector8()
  const list = new OctetReader(reader.vector24())
  const certificates: Buffer[] = []
  while (list.left > 0 && certificates.length < maxCertificates) {
    certificates.push(Buffer.from(list.vector24()))
    if (tls13) list.vector16()
  }
  return certificates
}

/** RFC 8446 §4.3.2; RFC 5246 §7.4.4, whose signature algorithms are not in TLS 1.0 and 1.1. */
export function readCertificateRequest(body: Buffer, version: number): CertificateRequest {
  const reader = new OctetReader(body)
  if (version === 0x0304) {
    reader.vector8()
    const extensions = readExtensions(reader.vector16())
    const names = extensions.get(Extension.certificateAuthorities)
    return {
      authorities: names === undefined ? [] : authorityNames(new OctetReader(names).vector16()),
      signatures: listed(extensions.get(Extension.signatureAlgorithms)),
    }
  }
  reader.vector8()
  const signatures = version === 0x0303 ? numbers16(reader.vector16()) : []
  return { authorities: authorityNames(reader.vector16()), signatures }
}

function authorityNames(octets: Buffer): readonly Buffer[] {
  const reader = new OctetReader(octets)
  const names: Buffer[] = []
  while (reader.left > 0) names.push(Buffer.from(reader.vector16()))
  return names
}

/** RFC 5246 §7.4.3 for DHE, RFC 8422 §5.4 for a named curve. */
export function readKeyExchange(body: Buffer, cipher: string): KeyExchange | undefined {
  const reader = new OctetReader(body)
  if (cipher.includes('_ECDHE_')) return reader.u8() === 3 ? { kind: 'ecdhe', group: reader.u16() } : undefined
  if (!cipher.includes('_DHE_')) return undefined
  const prime = reader.vector16()
  const first = prime.findIndex((octet) => octet !== 0)
  if (first < 0) return undefined
  return { kind: 'dhe', bits: (prime.length - first - 1) * 8 + 32 - Math.clz32(prime[first] ?? 0) }
}

function readExtensions(octets: Buffer): Map<number, Buffer> {
  const reader = new OctetReader(octets)
  const extensions = new Map<number, Buffer>()
  while (reader.left > 0) extensions.set(reader.u16(), reader.vector16())
  return extensions
}

function listed(extension: Buffer | undefined): readonly number[] {
  if (extension === undefined) return []
  return numbers16(new OctetReader(extension).vector16()).filter((value) => !isGrease(value))
}

function keyShares(extension: Buffer | undefined): readonly number[] {
  if (extension === undefined) return []
  const reader = new OctetReader(new OctetReader(extension).vector16())
  const found: number[] = []
  while (reader.left > 0) {
    found.push(reader.u16())
    reader.vector16()
  }
  return found.filter((group) => !isGrease(group))
}

/** RFC 7301 §3.1. */
function protocolNames(extension: Buffer | undefined): readonly string[] {
  if (extension === undefined) return []
  const reader = new OctetReader(new OctetReader(extension).vector16())
  const names: string[] = []
  while (reader.left > 0) names.push(printable(reader.vector8().toString('latin1')))
  return names
}

/** RFC 6066 §3. */
function serverName(extension: Buffer | undefined): string | undefined {
  if (extension === undefined || extension.length === 0) return undefined
  const reader = new OctetReader(new OctetReader(extension).vector16())
  return reader.u8() === 0 ? printable(reader.vector16().toString('latin1')) : undefined
}

/** A name from the network goes to a terminal: control characters become dots. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '.')
}

/** The two NTLM messages of a connectionless exchange: our CHALLENGE, the client's AUTHENTICATE ([MS-NLMP] 2.2.1). */

const signature = Buffer.from('NTLMSSP\0', 'latin1')

/** NTLMSSP_NEGOTIATE_…: what a signing, connectionless NTLMv2 needs ([MS-NLMP] 2.2.2.5). */
const flags = {
  unicode: 0x1,
  requestTarget: 0x4,
  sign: 0x10,
  datagram: 0x40,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  targetTypeDomain: 0x10000,
  extendedSessionSecurity: 0x80000,
  identify: 0x100000,
  targetInfo: 0x800000,
  version: 0x2000000,
  bits128: 0x20000000,
  keyExchange: 0x40000000,
} as const

const offered = Object.values(flags).reduce((sum, flag) => sum | flag, 0)
/** Without one of these the keys or the signature would be others than ours. */
const needed = flags.unicode | flags.extendedSessionSecurity | flags.bits128 | flags.keyExchange

/** Windows Server 2003, NTLMSSP revision 15: the servers of that time. Clients read it for nothing. */
const version = Buffer.from([5, 2, 0xce, 0x0e, 0, 0, 0, 15])

/** MsvAvNbComputerName, … ([MS-NLMP] 2.2.2.1). No time stamp: the client answers by its own clock. */
const avIds = { computer: 1, domain: 2, dnsComputer: 3, dnsDomain: 4 } as const

export interface ServerNames {
  /** FQDN of this server. */
  readonly self: string
  /** SIP domain. */
  readonly domain: string
}

/** @param challenge 8 octets */
export function writeChallenge(challenge: Buffer, { self, domain }: ServerNames): Buffer {
  const [netbios = '', host = ''] = [domain, self].map((name) => (name.split('.')[0] ?? '').toUpperCase())
  const target = Buffer.from(netbios, 'utf16le')
  const info = Buffer.concat([
    avPair(avIds.domain, netbios),
    avPair(avIds.computer, host),
    avPair(avIds.dnsDomain, domain),
    avPair(avIds.dnsComputer, self),
    Buffer.alloc(4),
  ])
  const head = Buffer.alloc(56)
  signature.copy(head, 0)
  head.writeUInt32LE(2, 8)
  writePlace(head, 12, target.length, head.length)
  head.writeUInt32LE(offered, 20)
  challenge.copy(head, 24)
  writePlace(head, 40, info.length, head.length + target.length)
  version.copy(head, 48)
  return Buffer.concat([head, target, info])
}

function avPair(id: number, text: string): Buffer {
  const value = Buffer.from(text, 'utf16le')
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(value.length, 2)
  return Buffer.concat([head, value])
}

function writePlace(head: Buffer, at: number, length: number, offset: number): void {
  head.writeUInt16LE(length, at)
  head.writeUInt16LE(length, at + 2)
  head.writeUInt32LE(offset, at + 4)
}

export interface AuthenticateToken {
  /** As the client sent them: `alice`, `alice@lab.test` or, with the domain `LAB`, `alice`. */
  readonly user: string
  readonly domain: string
  /** NTProofStr, 16 octets. */
  readonly proof: Buffer
  /** The rest of the NT response: NTLMv2_CLIENT_CHALLENGE. */
  readonly blob: Buffer
  /** What the client's clock said; wall-clock milliseconds. */
  readonly time: number
  /** 16 octets, encrypted. */
  readonly sessionKey: Buffer
}

/** Octets of one AUTHENTICATE at most; the largest honest one is below 1 KiB. */
const tokenLimit = 4096
const headOctets = 64
/** RespType to AvPairs in the client challenge ([MS-NLMP] 2.2.2.7). */
const blobHeadOctets = 28
const nameOctets = 512

/** @returns undefined when it is no NTLMv2 answer to a challenge of ours; nothing is half read */
export function readAuthenticate(token: Buffer): AuthenticateToken | undefined {
  if (token.length < headOctets || token.length > tokenLimit) return undefined
  if (!token.subarray(0, 8).equals(signature) || token.readUInt32LE(8) !== 3) return undefined
  if ((token.readUInt32LE(60) & needed) !== needed) return undefined
  const [nt, domain, user, sessionKey] = [20, 28, 36, 52].map((at) => payload(token, at))
  if (nt === undefined || domain === undefined || user === undefined || sessionKey?.length !== 16) return undefined
  if (domain.length > nameOctets || user.length > nameOctets || (domain.length | user.length) % 2 !== 0)
    return undefined
  const blob = nt.subarray(16)
  // An NTLMv1 response has 24 octets and no such head: it is not taken.
  if (blob.length < blobHeadOctets || blob[0] !== 1 || blob[1] !== 1) return undefined
  return {
    user: user.toString('utf16le'),
    domain: domain.toString('utf16le'),
    proof: nt.subarray(0, 16),
    blob,
    time: fileTime(blob.readBigUInt64LE(8)),
    sessionKey,
  }
}

function payload(token: Buffer, at: number): Buffer | undefined {
  const length = token.readUInt16LE(at)
  const offset = token.readUInt32LE(at + 4)
  if (length === 0) return token.subarray(0, 0)
  return offset < headOctets || offset + length > token.length ? undefined : token.subarray(offset, offset + length)
}

/** 100 ns since 1601 to milliseconds since 1970. */
function fileTime(ticks: bigint): number {
  return Number(ticks / 10_000n) - 11_644_473_600_000
}

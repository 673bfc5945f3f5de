/** The ends of a traced message as the octets of packets and chunks. */

export interface End {
  /** 4 octets, or 16 for IPv6. */
  readonly address: Buffer
  readonly port: number
}

/** `127.0.41.11:5061` or `[::1]:5061`. Undefined for anything else, for example a name. */
export function parseEnd(text: string): End | undefined {
  const found = /^(?:\[([0-9a-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/i.exec(text)
  if (found === null) return undefined
  const [, six, four, port] = found
  const address = four === undefined ? ipv6Octets(six ?? '') : Buffer.from(four.split('.').map(Number))
  return { address, port: Number(port) }
}

function ipv6Octets(text: string): Buffer {
  const [head = '', tail] = text.split('::')
  const groups = (part: string | undefined): readonly number[] =>
    part === undefined || part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const before = groups(head)
  const after = groups(tail)
  const all = [...before, ...Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0), ...after]
  const octets = Buffer.alloc(16)
  for (const [at, group] of all.slice(0, 8).entries()) octets.writeUInt16BE(group & 0xffff, at * 2)
  return octets
}

/** The same address family as `like`, no address and no port: an end that is known by its name only. */
export function nowhere(like: End): End {
  return { address: Buffer.alloc(like.address.length), port: 0 }
}

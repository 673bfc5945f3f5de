/** The name a client asks for in its ClientHello (RFC 6066 §3), read before TLS reads it. */

const recordHead = 5
/** Type and length of the message, version, random. */
const beforeSessionId = 4 + 2 + 32
const serverNameExtension = 0

/**
 * @param octets records of one whole ClientHello
 * @returns absent where the ClientHello names no host, or cannot be read
 */
export function serverNameOf(octets: Buffer): string | undefined {
  const hello = messageOf(octets)
  try {
    let at = beforeSessionId
    at += 1 + hello.readUInt8(at)
    at += 2 + hello.readUInt16BE(at)
    at += 1 + hello.readUInt8(at)
    const end = at + 2 + hello.readUInt16BE(at)
    at += 2
    while (at + 4 <= end) {
      const length = hello.readUInt16BE(at + 2)
      if (hello.readUInt16BE(at) === serverNameExtension) return hostIn(hello.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
  } catch (error) {
    // A ClientHello that ends too early names nothing; TLS refuses it.
    if (!(error instanceof RangeError)) throw error
  }
  return undefined
}

/** The octets of the message without the heads of its records. */
function messageOf(octets: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at + recordHead <= octets.length; at += recordHead + octets.readUInt16BE(at + 3))
    parts.push(octets.subarray(at + recordHead, at + recordHead + octets.readUInt16BE(at + 3)))
  return Buffer.concat(parts)
}

/** The first entry of the list; there is one, of type host_name. */
function hostIn(list: Buffer): string | undefined {
  if (list.length < 5 || list.readUInt8(2) !== 0) return undefined
  return list.toString('latin1', 5, 5 + list.readUInt16BE(3))
}

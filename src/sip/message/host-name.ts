/** Hosts for which lower case alone is not the one spelling: names with the dot of the DNS root, and addresses. */
import { isIPv6 } from 'node:net'

const DOT = 46,
  ZERO = 48,
  OPEN = 91,
  CLOSE = 93

/**
 * The one spelling of a host that ends with a dot or a bracket: `lab.test.` is `lab.test`, `[2001:DB8:0::1]` is
 * `[2001:db8::1]`, and `[::ffff:192.0.2.1]` is `192.0.2.1`, where such an address leads. `hostName` asks first.
 */
export function unusualHost(text: string): string {
  let end = text.length
  // A host of dots alone keeps one: an empty host would be taken for a URI without a host.
  while (end > 1 && text.charCodeAt(end - 1) === DOT) end--
  const name = text.slice(0, end).toLowerCase()
  if (name.charCodeAt(0) === OPEN && name.charCodeAt(end - 1) === CLOSE) return plainReference(name)
  return isNumeric(name) ? numericHost(name) : name
}

/** No name: the last label of one begins with a letter (RFC 3261 §25.1 `toplabel`). */
export function isNumeric(text: string): boolean {
  const digit = text.charCodeAt(text.lastIndexOf('.') + 1) - ZERO
  return digit >= 0 && digit <= 9
}

/**
 * `127.1`, `0x7f000001`, `2130706433` and `0177.0.0.1` are `127.0.0.1`: resolvers of systems dial them so (WHATWG URL
 * §3.5). What is no address stays.
 */
export function numericHost(text: string): string {
  return isDottedQuad(text) ? text : (URL.parse(`http://${text}`)?.hostname ?? text.toLowerCase())
}

/** As nearly every numeric host is written: nothing is made for it. */
function isDottedQuad(text: string): boolean {
  let dots = 0
  let value = -1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === DOT) {
      if (value === -1) return false
      dots++
      value = -1
      continue
    }
    const digit = code - ZERO
    // A zero in front would make the number octal.
    if (digit < 0 || digit > 9 || value === 0) return false
    value = value === -1 ? digit : value * 10 + digit
    if (value > 255) return false
  }
  return dots === 3 && value !== -1
}

/** A zone names an interface of the host that wrote it and says nothing to another one (RFC 4007 §11.2). */
function plainReference(reference: string): string {
  const [address = ''] = withoutTripleColon(reference.slice(1, -1)).split('%', 1)
  if (!isIPv6(address)) return reference
  const { hostname } = new URL(`http://[${address}]/`)
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname) ?? []
  return high === undefined || low === undefined ? hostname : `${twoOctets(high)}.${twoOctets(low)}`
}

function twoOctets(group: string): string {
  const value = parseInt(group, 16)
  return `${value >> 8}.${value & 255}`
}

/** `::` for the `:::` that the grammar of RFC 3261 had (RFC 5118 §4.10). */
export function withoutTripleColon(text: string): string {
  return text.includes(':::') ? text.replace(':::', '::') : text
}

/** What counts as one source of connections and attempts, for every limit that is kept per source. */
import { isIPv6 } from 'node:net'

/**
 * `192.0.2.7` as it is; of an IPv6 address the first 64 bits, `2001:db8:0:1::/64`: one host chooses the others freely
 * (RFC 4291 §2.5.4). An IPv4 address mapped into IPv6 is that IPv4 address.
 *
 * @param address numeric, with or without brackets
 */
export function sourceOf(address: string): string {
  const plain = address.startsWith('[') ? address.slice(1, -1) : address
  if (!plain.includes(':')) return plain
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return mapped
  const [bare = ''] = plain.split('%')
  return isIPv6(bare) ? networkOf(bare) : plain
}

/** The text before `::` gives the first groups; where it gives fewer than four, zeros or later groups follow. */
function networkOf(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted tail takes the place of two groups.
  const lastGroups = last.length + (last.at(-1)?.includes('.') === true ? 1 : 0)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - lastGroups)
  const groups = [...first, ...Array<string>(zeros).fill('0'), ...last]
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
